/** Weights of the fused score: written and signed by `countersign lab train`, replaced as a whole, never edited by hand. */
import type { Artefact } from './artefact.js';
import type { FusionPayload } from './fused-score.js';

export const fusionType = 'countersign/fusion';

export const fusion: Artefact<FusionPayload> = {
  payloadType: 'countersign/fusion',
  payload: {
    version: '3',
    thresholdTouched: 0.03,
    seed: 1,
    fittedOn: {
      'traces.jsonl.gz': 'd21b23a43ee27f35dbd9c7f4cf374a4052be67f0bacdf8c2fcbad6b0fc246a72',
      'texts.jsonl.gz': '2539679fe99cd157f7faf6e894fd5e3c7c1dc30b4efd319ef160faf216909e98',
      'suites.json': 'dc9dc1c170cc0bcf962dd73151fee254338ad81a21deb51ee57fb21b841250d7'
    },
    variants: {
      taskKnown: {
        bias: 0,
        threshold: 0.47,
        weights: {
          margin: 1,
          target: 1,
          suspect: 0,
          surprise: 0
        }
      },
      taskUnknown: {
        bias: 0,
        threshold: 0.47,
        weights: {
          margin: 1,
          target: 1,
          suspect: 0,
          surprise: 0
        }
      },
      noTaskKnown: {
        bias: 0,
        threshold: 0.53,
        weights: {
          margin: 1,
          target: 1.5,
          suspect: 0,
          surprise: 0
        }
      },
      noTaskUnknown: {
        bias: 0,
        threshold: 0.15,
        weights: {
          margin: 1,
          target: 1,
          suspect: 0,
          surprise: 0
        }
      }
    },
    metrics: {
      'task, known: hijacks stopped': 0.9964,
      'task, known: stopped with orders hidden': 0.9672,
      'task, known: benign runs touched': 0.0292,
      'task, unknown: hijacks stopped': 0.9964,
      'task, unknown: stopped with orders hidden': 0.9526,
      'task, unknown: benign runs touched': 0.0292,
      'no task, known: hijacks stopped': 0.9964,
      'no task, known: stopped with orders hidden': 0.9708,
      'no task, known: benign runs touched': 0.0209,
      'no task, unknown: hijacks stopped': 0.9964,
      'no task, unknown: stopped with orders hidden': 0.9672,
      'no task, unknown: benign runs touched': 0.0292
    }
  },
  digest: '335a2843b6b2762f296b00cf2d9f4d7794756c64140c4b696f9a10359c0b8a50',
  signatures: [
    {
      keyid: '7bd40455de155cdf',
      sig: 'kln8aEyC9nzwgQiYx8Vypy2Cl6boWQmX9WfdGWWC9vFz9_oKPEZNA-2cS0ZgXHkKbWBeYnMvnBSuB1GxIE3XCA'
    }
  ]
};
