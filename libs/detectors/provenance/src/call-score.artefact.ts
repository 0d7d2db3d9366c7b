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
  version: '3',
  thresholdTouched: 0.03,
  fittedOn: [
    'd21b23a43ee27f35',
    '2539679fe99cd157',
    'dc9dc1c170cc0bcf'
  ],
  task: {
    known: {
      a: {
        bias: -6.39,
        threshold: 0.55,
        weights: {
          gate: 0.1,
          irr: 1.7,
          gvo: 0.6,
          gu: 0.52,
          g_bound: 0.29,
          g_ungr: 0.79,
          g_actimp: 1.02,
          g_unact: 1.25,
          g_imp: 0.92,
          g_impact: 0.48,
          wr_gap: 1.07,
          wr_cimpx: 2.37,
          g_enew: 0.59,
          g_enewr: 1.21,
          e_new_r: 1.05,
          a_new: 0.32,
          g_newseq: 0.02
        }
      },
      b: {
        bias: -5.75,
        threshold: 1.66,
        weights: {
          gate: 0.24,
          irr: 1.7,
          gvo: 1.2,
          gu: 0.92,
          g_free: 0.28,
          le_n: 0.02,
          wr_gap: 3.21,
          g_enew: 1.22,
          g_enewr: 1.39,
          e_new_r: 1.18,
          tool_new: 0.26,
          a_new: 0.68,
          g_newseq: 0.96
        }
      }
    },
    unknown: {
      a: {
        bias: -6.1,
        threshold: 0.52,
        weights: {
          gate: 0.12,
          irr: 1.76,
          gvo: 0.56,
          gu: 0.68,
          g_bound: 0.42,
          g_ungr: 1.16,
          g_actimp: 1.07,
          g_unact: 0.7,
          g_imp: 1.12,
          g_impact: 0.39,
          wr_gap: 1.57,
          wr_cimpx: 2.28,
          g_enew: 1.49
        }
      },
      b: {
        bias: -4.82,
        threshold: 1.7,
        weights: {
          gate: 0.44,
          irr: 1.79,
          gvo: 0.95,
          gu: 1.32,
          g_free: 0.35,
          le_n: 0.11,
          wr_gap: 3.66,
          g_enew: 2.36,
          xcov: 0.12
        }
      }
    }
  },
  noTask: {
    known: {
      a: {
        bias: -6.95,
        threshold: 0.11,
        weights: {
          gate: 0.07,
          irr: 1.89,
          gvo: 0.07,
          gu: 0.33,
          g_bound: 0.48,
          g_ungr: 0.97,
          g_actimp: 0.97,
          g_unact: 0.97,
          g_imp: 1.11,
          g_impact: 0.29,
          wr_gap: 0.81,
          wr_cimpx: 2.16,
          g_enew: 0.85,
          g_enewr: 1.2,
          e_new_r: 0.94,
          tool_new: 1.21,
          a_new: 0.39
        }
      },
      b: {
        bias: -5.85,
        threshold: 2.2,
        weights: {
          gate: 0.21,
          irr: 2.03,
          gvo: 0.21,
          gu: 0.41,
          g_free: 0.76,
          le_n: 0.14,
          wr_gap: 2.8,
          g_enew: 1.44,
          xcov: 0.04,
          g_enewr: 1.32,
          e_new_r: 0.99,
          tool_new: 1.38,
          a_new: 0.45,
          g_newseq: 0.79
        }
      }
    },
    unknown: {
      a: {
        bias: -6.25,
        threshold: 0.75,
        weights: {
          gate: 0.1,
          irr: 2.17,
          gvo: 0.1,
          gu: 0.48,
          g_bound: 0.53,
          g_ungr: 1.22,
          g_actimp: 0.94,
          g_unact: 0.94,
          g_imp: 1.15,
          g_impact: 0.01,
          wr_gap: 0.92,
          wr_cimpx: 2.32,
          g_enew: 1.72
        }
      },
      b: {
        bias: -4.93,
        threshold: 1.94,
        weights: {
          gate: 0.4,
          irr: 2.32,
          gvo: 0.4,
          gu: 0.75,
          g_free: 0.55,
          le_n: 0.23,
          wr_gap: 2.98,
          g_enew: 2.46,
          xcov: 0.08
        }
      }
    }
  }
};
