/** Every named query, by name. */
import { agents } from './agents.js';
import { oneCall, recentCalls, sessionCalls } from './calls.js';
import { completenessByTap, completenessTotal } from './completeness.js';
import { edgesFrom, edgesTo } from './edges.js';
import { namedObservations } from './named-observations.js';
import type { NamedQuery } from './named-query.js';
import { reachedCalls } from './reached-calls.js';
import { sessionStatistics } from './session-statistics.js';
import { sessions } from './sessions.js';
import { tools } from './tools.js';
import { verdictMix } from './verdict-mix.js';

export const namedQueries = {
  completenessByTap, completenessTotal, sessions, sessionCalls, recentCalls, call: oneCall, agents, tools, verdictMix, sessionStatistics, edgesFrom, edgesTo, reachedCalls, namedObservations,
} as const satisfies Record<string, NamedQuery>;
