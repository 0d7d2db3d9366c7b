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
    "d21b23a43ee27f35",
    "2539679fe99cd157",
    "dc9dc1c170cc0bcf"
  ],
  task: {
    known: {
      a: {
        bias: -6.48,
        threshold: 0.56,
        weights: {
          gate: 0.1,
          irr: 1.68,
          gvo: 0.64,
          gu: 0.51,
          g_bound: 0.26,
          g_ungr: 0.78,
          g_actimp: 0.98,
          g_unact: 1.22,
          g_imp: 0.93,
          g_impact: 0.5,
          wr_gap: 1.11,
          wr_cimpx: 2.27,
          g_enew: 0.61,
          g_enewr: 1.24,
          e_new_r: 1.08,
          tool_new: 0.32,
          a_new: 0.3,
          g_newseq: 0.14
        }
      },
      b: {
        bias: -5.91,
        threshold: 1.37,
        weights: {
          gate: 0.2,
          irr: 1.7,
          gvo: 1.26,
          gu: 0.88,
          g_free: 0.33,
          le_n: 0.05,
          wr_gap: 3.24,
          g_enew: 1.27,
          g_enewr: 1.39,
          e_new_r: 1.19,
          tool_new: 0.95,
          a_new: 0.62,
          g_newseq: 0.93
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
        bias: -6.8,
        threshold: 0.3,
        weights: {
          gate: 0.08,
          irr: 2.01,
          gvo: 0.08,
          gu: 0.37,
          g_bound: 0.44,
          g_ungr: 0.97,
          g_actimp: 0.96,
          g_unact: 0.96,
          g_imp: 1.1,
          g_impact: 0.17,
          wr_gap: 0.76,
          wr_cimpx: 2.32,
          g_enew: 0.78,
          g_enewr: 1.13,
          e_new_r: 0.88,
          tool_new: 0.6,
          a_new: 0.47
        }
      },
      b: {
        bias: -5.87,
        threshold: 2,
        weights: {
          gate: 0.21,
          irr: 2.17,
          gvo: 0.21,
          gu: 0.44,
          g_free: 0.75,
          le_n: 0.15,
          wr_gap: 2.79,
          g_enew: 1.32,
          g_enewr: 1.26,
          e_new_r: 0.94,
          tool_new: 0.72,
          a_new: 0.64,
          g_newseq: 1.02
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
