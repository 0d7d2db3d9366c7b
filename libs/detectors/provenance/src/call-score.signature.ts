/** Digest and signature of the call score's weights, over their canonical JSON; written by `countersign lab train` together with them. */
export const callScoreSeal = {
  payloadType: 'countersign/call-score',
  digest: '50cb4c7e033dbae8b14ae25521fd5006220890f6de71ff2dc086dfe0cffcb08f',
  signatures: [
    {
      keyid: '7bd40455de155cdf',
      sig: 'XrXvLg_6NiRiiGMhsqSK5hTtaIOgAg_ZF9YhPS3_fDmJaikNsRJMusj4DXfAJoMkBvWdasPabN0IWV8u0ThzCw'
    }
  ]
};
