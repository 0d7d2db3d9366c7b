/** Weights of the fused score: written and signed by `countersign lab train`, replaced as a whole, never edited by hand. */
import type { Artefact } from './artefact.js';
import type { FusionPayload } from './fused-score.js';

export const fusionType = 'countersign/fusion';

export const fusion: Artefact<FusionPayload> = {"payloadType":"countersign/fusion","payload":{"version":"0","thresholdTouched":0.03,"seed":1,"fittedOn":{},"metrics":{},"variants":{"taskKnown":{"bias":0,"weights":{"margin":1,"target":1.5},"threshold":0},"taskUnknown":{"bias":0,"weights":{"margin":1,"target":1.5},"threshold":0},"noTaskKnown":{"bias":0,"weights":{"margin":1,"target":1.5},"threshold":0},"noTaskUnknown":{"bias":0,"weights":{"margin":1,"target":1.5},"threshold":0}}},"digest":"25ede2e29e3261651f3db9b30884af9bd714f043fe462da1a592d9885be9710c","signatures":[]};
