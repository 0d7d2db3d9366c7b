/** Digest and signature of the call score's weights, over their canonical JSON; written by `countersign lab train` together with them. */
export const callScoreSeal = {
  payloadType: 'countersign/call-score',
  digest: 'e1f918c4a99c0276c6b6ea3a1d2e7efea502d9541b1a27df885d9c0a3646cace',
  signatures: [
    {
      keyid: '7bd40455de155cdf',
      sig: 'BZBb5-276Ff4TIyr7jg0SGcwVOqVU0e0RYhSsqBqbtR3lAOV8PeMCPHXSr6WY2sQUvPCaVbswJApHPrIveHyDw'
    }
  ]
};
