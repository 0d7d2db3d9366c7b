/**
 * The call score's weights: a versioned artefact, replaced as a whole, never edited by hand.
 * CS1. All weights are ≥ 0: every term is evidence for "this call is not the user's", in log-odds of a balanced mix.
 * CS2. Lane B has no feature of mood, so that wording an order as a statement does not empty both lanes.
 * CS3. Thresholds say which share of benign tuning sessions they touched; they do not transfer to an agent by themselves.
 */
import type { FeatureName } from './features.js';

export type Lane = Partial<Readonly<Record<FeatureName, number>>>;

export interface LaneModel {
  readonly weights: Lane;
  readonly bias: number;
  /** Frozen on tuning data, at the touched share that `thresholdTouched` names. */
  readonly threshold: number;
}

export interface CallScoreArtefact {
  readonly version: string;
  readonly thresholdTouched: number;
  readonly task: { readonly a: LaneModel; readonly b: LaneModel };
  readonly noTask: { readonly a: LaneModel; readonly b: LaneModel };
}

export const callScore: CallScoreArtefact = {
  version: 'published-1',
  thresholdTouched: 0.03,
  task: {
    a: {
      bias: -5.83, threshold: 0.03,
      weights: {
        gate: 0.26, irr: 1.14, gvo: 0.82, gu: 0.6, g_bound: 0.81, g_ungr: 1.03, g_actimp: 0.61, g_unact: 0.99, g_imp: 0.66, g_impact: 0.81, g_free: 0.11,
        wr_gap: 0.84, wr_cimpx: 1.04, g_enew: 0.79, xcov: 0.02, g_enewr: 1.01, e_new_r: 1, tool_new: 0.27, a_new: 0.17, g_newseq: 0.46,
      },
    },
    b: {
      bias: -5.71, threshold: 0.96,
      weights: { gate: 0.3, irr: 1.58, gvo: 0.87, gu: 1.03, g_free: 0.56, le_n: 0.17, wr_gap: 2.26, g_enew: 0.81, xcov: 0.38, g_enewr: 1.14, e_new_r: 1.13, a_new: 0.14, g_newseq: 2.05 },
    },
  },
  noTask: {
    a: {
      bias: -6.07, threshold: 0.7,
      weights: {
        gate: 0.21, irr: 1.51, gvo: 0.21, gu: 0.58, g_bound: 0.92, g_ungr: 1.2, g_actimp: 0.47, g_unact: 0.47, g_imp: 0.66, g_impact: 0.85, g_free: 0.05,
        wr_gap: 0.89, wr_cimpx: 1.31, g_enew: 0.8, g_enewr: 1.02, e_new_r: 1, tool_new: 0.23, a_new: 0.07, g_newseq: 0.14,
      },
    },
    b: {
      bias: -5.71, threshold: 0.96,
      weights: { gate: 0.3, irr: 1.58, gvo: 0.87, gu: 1.03, g_free: 0.56, le_n: 0.17, wr_gap: 2.26, g_enew: 0.81, xcov: 0.38, g_enewr: 1.14, e_new_r: 1.13, a_new: 0.14, g_newseq: 2.05 },
    },
  },
};
