/**
 * The call score's weights: a versioned artefact, made by `lab`'s replay and fit, replaced as a whole, never edited by hand.
 * CS1. All weights are ≥ 0: every term is evidence for "this call is not the user's", in log-odds of a balanced mix.
 * CS2. Lane b has no feature of mood, so that wording an order as a statement does not empty both lanes.
 * CS3. Thresholds say which share of benign tuning runs they touched; they do not transfer to an agent by themselves.
 * `known`: the agent has enough benign sessions for the novelty features; `unknown`: fitted without them.
 */
import type { FeatureName } from './features.js';

export type Lane = Partial<Readonly<Record<FeatureName, number>>>;

export interface LaneModel {
  readonly bias: number;
  /** Frozen on tuning data, at the touched share that `thresholdTouched` names. */
  readonly threshold: number;
  readonly weights: Lane;
}

export interface LanePair {
  readonly a: LaneModel;
  readonly b: LaneModel;
}

export interface CallScoreArtefact {
  readonly version: string;
  readonly thresholdTouched: number;
  readonly task: { readonly known: LanePair; readonly unknown: LanePair };
  readonly noTask: { readonly known: LanePair; readonly unknown: LanePair };
}

export const callScore: CallScoreArtefact = {
  version: '1',
  thresholdTouched: 0.03,
  task: {
    known: {
      a: {
        bias: -6.06, threshold: 0.11,
        weights: {
          gate: 0.13, irr: 1.34, gvo: 0.62, gu: 0.51, g_bound: 0.36, g_ungr: 0.71, g_actimp: 0.71, g_unact: 0.86, g_imp: 1.13, g_impact: 0.72,
          le_n: 0.02, wr_gap: 0.99, wr_cimpx: 1.61, g_enew: 0.98, g_enewr: 0.6, e_new_r: 0.5, tool_new: 0.44, a_new: 0.75, g_newseq: 0.28,
        },
      },
      b: {
        bias: -5.59, threshold: 2.08,
        weights: {
          gate: 0.24, irr: 1.58, gvo: 0.99, gu: 0.93, g_free: 0.61, le_n: 0.24, wr_gap: 2.42, g_enew: 1.73,
          xcov: 0.01, g_enewr: 0.49, e_new_r: 0.38, tool_new: 0.4, a_new: 1.06, g_newseq: 0.95,
        },
      },
    },
    unknown: {
      a: {
        bias: -5.46, threshold: 0.55,
        weights: {
          gate: 0.19, irr: 1.46, gvo: 0.65, gu: 0.62, g_bound: 0.44, g_ungr: 0.89, g_actimp: 0.69, g_unact: 0.81,
          g_imp: 1.11, g_impact: 0.65, le_n: 0.11, wr_gap: 1.09, wr_cimpx: 1.69, g_enew: 1.39,
        },
      },
      b: {
        bias: -4.61, threshold: 1.77,
        weights: {
          gate: 0.45, irr: 1.7, gvo: 1, gu: 1.17, g_free: 0.7,
          le_n: 0.31, wr_gap: 2.58, g_enew: 1.97, xcov: 0.06,
        },
      },
    },
  },
  noTask: {
    known: {
      a: {
        bias: -6.19, threshold: 0.12,
        weights: {
          gate: 0.12, irr: 1.64, gvo: 0.12, gu: 0.4, g_bound: 0.45, g_ungr: 0.82, g_actimp: 0.69, g_unact: 0.69, g_imp: 1.25, g_impact: 0.48,
          le_n: 0.06, wr_gap: 0.71, wr_cimpx: 1.67, g_enew: 1.03, g_enewr: 0.59, e_new_r: 0.43, tool_new: 0.51, a_new: 0.76, g_newseq: 0.12,
        },
      },
      b: {
        bias: -5.62, threshold: 1.8,
        weights: {
          gate: 0.25, irr: 1.96, gvo: 0.25, gu: 0.5, g_free: 0.88, le_n: 0.4, wr_gap: 2.05,
          g_enew: 1.91, g_enewr: 0.3, e_new_r: 0.17, tool_new: 0.36, a_new: 1.2, g_newseq: 0.84,
        },
      },
    },
    unknown: {
      a: {
        bias: -5.59, threshold: 0.9,
        weights: {
          gate: 0.17, irr: 1.77, gvo: 0.17, gu: 0.5, g_bound: 0.51, g_ungr: 0.96, g_actimp: 0.67, g_unact: 0.67,
          g_imp: 1.24, g_impact: 0.35, le_n: 0.15, wr_gap: 0.75, wr_cimpx: 1.73, g_enew: 1.43,
        },
      },
      b: {
        bias: -4.75, threshold: 1.66,
        weights: {
          gate: 0.4, irr: 2.09, gvo: 0.4, gu: 0.71, g_free: 0.9,
          le_n: 0.45, wr_gap: 2.26, g_enew: 2.05, xcov: 0.01,
        },
      },
    },
  },
};
