/**
 * Which taps make up one run of an agent: a client starts one tap per server, so one run is several sessions of several taps.
 * MB1. Sessions open at the same time belong together; the run is over when the last of them is.
 * MB2. A tap is gone when it said so, when a later epoch of it appears, or after `abandonedMs` of silence.
 * MB3. Sessions that no process ends (HTTP) are over when all are idle and another one starts.
 */
import type { Observation } from '@countersign/contracts';

const idleMs = 60_000;
const abandonedMs = 1_800_000;
const membersMax = 64;

export interface Member {
  readonly tapId: string;
  readonly epoch: number;
  lastAtMs: number;
}

/** Session name → its tap. */
export type Members = Map<string, Member>;

/** Takes out what is over by now, seen from the arriving observation. @returns true when that ended the run. */
export function membersThinned(members: Members, observation: Observation, nowMs: number): boolean {
  if (members.size === 0) return false;
  const isNew = !members.has(observation.session);
  const allIdle = [...members.values()].every((member) => nowMs - member.lastAtMs >= idleMs);
  const replaces = isNew && observation.sessionRule !== 'process' && allIdle;
  for (const [name, member] of members) {
    const older = member.tapId === observation.tapId && member.epoch < observation.epoch;
    if (replaces || older || nowMs - member.lastAtMs >= abandonedMs) members.delete(name);
  }
  return members.size === 0;
}

export function memberJoined(members: Members, observation: Observation, nowMs: number): void {
  const member = members.get(observation.session);
  if (member !== undefined) member.lastAtMs = nowMs;
  else if (members.size < membersMax) members.set(observation.session, { tapId: observation.tapId, epoch: observation.epoch, lastAtMs: nowMs });
}

/** @returns true when the run is over with it. */
export function memberLeft(members: Members, observation: Observation): boolean {
  if (members.size === 0) return false;
  for (const [name, member] of members) if (member.tapId === observation.tapId && member.epoch <= observation.epoch) members.delete(name);
  return members.size === 0;
}
