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
        bias: -5.94, threshold: 0.57,
        weights: {
          gate: 0.14, irr: 1.3, gvo: 0.62, gu: 0.49, g_bound: 0.29, g_ungr: 0.62, g_actimp: 0.71, g_unact: 0.97, g_imp: 1, g_impact: 0.71,
          wr_gap: 0.93, wr_cimpx: 1.54, g_enew: 0.75, g_enewr: 0.9, e_new_r: 0.88, tool_new: 0.46, a_new: 0.67, g_newseq: 0.4,
        },
      },
      b: {
        bias: -5.52, threshold: 1.26,
        weights: {
          gate: 0.24, irr: 1.53, gvo: 1, gu: 0.86, g_free: 0.56, le_n: 0.16, wr_gap: 2.28,
          g_enew: 1.05, g_enewr: 1.12, e_new_r: 1.07, tool_new: 0.4, a_new: 0.98, g_newseq: 1.12,
        },
      },
    },
    unknown: {
      a: {
        bias: -5.47, threshold: 0.37,
        weights: {
          gate: 0.19, irr: 1.47, gvo: 0.64, gu: 0.62, g_bound: 0.44, g_ungr: 0.89, g_actimp: 0.69, g_unact: 0.8,
          g_imp: 1.11, g_impact: 0.65, le_n: 0.11, wr_gap: 1.09, wr_cimpx: 1.69, g_enew: 1.4,
        },
      },
      b: {
        bias: -4.61, threshold: 1.79,
        weights: {
          gate: 0.45, irr: 1.7, gvo: 1, gu: 1.17, g_free: 0.71,
          le_n: 0.32, wr_gap: 2.58, g_enew: 1.97, xcov: 0.06,
        },
      },
    },
  },
  noTask: {
    known: {
      a: {
        bias: -6.1, threshold: 0.25,
        weights: {
          gate: 0.12, irr: 1.6, gvo: 0.12, gu: 0.39, g_bound: 0.4, g_ungr: 0.76, g_actimp: 0.7, g_unact: 0.7, g_imp: 1.15, g_impact: 0.45,
          le_n: 0.02, wr_gap: 0.73, wr_cimpx: 1.65, g_enew: 0.84, g_enewr: 0.86, e_new_r: 0.71, tool_new: 0.44, a_new: 0.7, g_newseq: 0.22,
        },
      },
      b: {
        bias: -5.66, threshold: 2.11,
        weights: {
          gate: 0.23, irr: 1.92, gvo: 0.23, gu: 0.45, g_free: 0.84, le_n: 0.3, wr_gap: 2.08,
          g_enew: 1.18, g_enewr: 1.02, e_new_r: 0.81, tool_new: 0.28, a_new: 1.11, g_newseq: 1.04,
        },
      },
    },
    unknown: {
      a: {
        bias: -5.6, threshold: 0.9,
        weights: {
          gate: 0.17, irr: 1.77, gvo: 0.17, gu: 0.5, g_bound: 0.51, g_ungr: 0.96, g_actimp: 0.67, g_unact: 0.67,
          g_imp: 1.23, g_impact: 0.36, le_n: 0.15, wr_gap: 0.76, wr_cimpx: 1.73, g_enew: 1.44,
        },
      },
      b: {
        bias: -4.76, threshold: 1.59,
        weights: {
          gate: 0.39, irr: 2.09, gvo: 0.39, gu: 0.71, g_free: 0.9,
          le_n: 0.45, wr_gap: 2.26, g_enew: 2.05, xcov: 0.01,
        },
      },
    },
  },
};
