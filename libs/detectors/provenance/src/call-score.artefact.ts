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
  /** SHA-256 (16 hex digits) of the feature files it was fitted on, with and without task text. */
  readonly fittedOn: readonly string[];
  readonly task: { readonly known: LanePair; readonly unknown: LanePair };
  readonly noTask: { readonly known: LanePair; readonly unknown: LanePair };
}

export const callScore: CallScoreArtefact = {
  version: '2',
  thresholdTouched: 0.03,
  fittedOn: [
    '87b1207483d492f6',
    'b81b3353bcd7adad'
  ],
  task: {
    known: {
      a: {
        bias: -5.98,
        threshold: 0.64,
        weights: {
          gate: 0.13,
          irr: 1.33,
          gvo: 0.64,
          gu: 0.5,
          g_bound: 0.28,
          g_ungr: 0.62,
          g_actimp: 0.77,
          g_unact: 0.96,
          g_imp: 0.91,
          g_impact: 0.7,
          wr_gap: 0.96,
          wr_cimpx: 1.57,
          g_enew: 0.7,
          g_enewr: 0.95,
          e_new_r: 0.92,
          tool_new: 0.46,
          a_new: 0.64,
          g_newseq: 0.39
        }
      },
      b: {
        bias: -5.53,
        threshold: 1.3,
        weights: {
          gate: 0.24,
          irr: 1.52,
          gvo: 1,
          gu: 0.88,
          g_free: 0.56,
          le_n: 0.13,
          wr_gap: 2.28,
          g_enew: 1.04,
          g_enewr: 1.13,
          e_new_r: 1.09,
          tool_new: 0.42,
          a_new: 0.98,
          g_newseq: 1.12
        }
      }
    },
    unknown: {
      a: {
        bias: -5.54,
        threshold: 0.35,
        weights: {
          gate: 0.18,
          irr: 1.5,
          gvo: 0.67,
          gu: 0.64,
          g_bound: 0.42,
          g_ungr: 0.91,
          g_actimp: 0.77,
          g_unact: 0.77,
          g_imp: 0.98,
          g_impact: 0.65,
          le_n: 0.09,
          wr_gap: 1.17,
          wr_cimpx: 1.73,
          g_enew: 1.4
        }
      },
      b: {
        bias: -4.61,
        threshold: 1.78,
        weights: {
          gate: 0.45,
          irr: 1.68,
          gvo: 1,
          gu: 1.19,
          g_free: 0.73,
          le_n: 0.28,
          wr_gap: 2.62,
          g_enew: 1.98,
          xcov: 0.05
        }
      }
    }
  },
  noTask: {
    known: {
      a: {
        bias: -6.13,
        threshold: 0.31,
        weights: {
          gate: 0.12,
          irr: 1.64,
          gvo: 0.12,
          gu: 0.39,
          g_bound: 0.39,
          g_ungr: 0.74,
          g_actimp: 0.76,
          g_unact: 0.76,
          g_imp: 1.03,
          g_impact: 0.44,
          wr_gap: 0.73,
          wr_cimpx: 1.71,
          g_enew: 0.77,
          g_enewr: 0.94,
          e_new_r: 0.77,
          tool_new: 0.4,
          a_new: 0.67,
          g_newseq: 0.18
        }
      },
      b: {
        bias: -5.66,
        threshold: 2.06,
        weights: {
          gate: 0.23,
          irr: 1.93,
          gvo: 0.23,
          gu: 0.46,
          g_free: 0.87,
          le_n: 0.25,
          wr_gap: 2.07,
          g_enew: 1.15,
          g_enewr: 1.05,
          e_new_r: 0.84,
          tool_new: 0.25,
          a_new: 1.1,
          g_newseq: 1.04
        }
      }
    },
    unknown: {
      a: {
        bias: -5.65,
        threshold: 0.82,
        weights: {
          gate: 0.16,
          irr: 1.83,
          gvo: 0.16,
          gu: 0.5,
          g_bound: 0.49,
          g_ungr: 0.95,
          g_actimp: 0.73,
          g_unact: 0.73,
          g_imp: 1.06,
          g_impact: 0.37,
          le_n: 0.14,
          wr_gap: 0.76,
          wr_cimpx: 1.78,
          g_enew: 1.45
        }
      },
      b: {
        bias: -4.75,
        threshold: 1.66,
        weights: {
          gate: 0.4,
          irr: 2.07,
          gvo: 0.4,
          gu: 0.73,
          g_free: 0.95,
          le_n: 0.39,
          wr_gap: 2.27,
          g_enew: 2.07
        }
      }
    }
  }
};
