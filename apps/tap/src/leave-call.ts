/**
 * A hold that outlasts its client's patience: the call leaves its request behind, and the client gets the first thing it can use.
 * LC1. A task where the client knows tasks; a round of the modern protocol where it can be asked; else a tool error with a ticket.
 * LC2. Whatever it gets, the question goes on under the same call: its retry, round or poll picks the decision up, once.
 * LC3. A round tells the person once where people decide; the later ones only wait. After `roundsMax` of them the ticket follows: clients
 *      count rounds, too.
 */
import { elicitationOf, inputRequiredAnswer, serverRoundOf, taskCreated, type ServerRound, type Waiting } from '@countersign/wire';
import type { GatedCall } from './gated-call.js';
import { factsOf } from './held-tasks.js';
import type { Passage } from './passage.js';
import { stillWaiting } from './refusals.js';
import type { Ticket } from './tickets.js';
import { elicitationMode } from './waiting-signs.js';

const roundsMax = 8;
const roundCharactersMax = 64 * 1024;
const roundMethods = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** @param ticket under which people are asked. */
export function leaveCall(call: GatedCall, ticket: Ticket): Passage {
  return leaveTask(call, ticket) ?? leaveRound(call, ticket) ?? call.refuse(stillWaiting(call.read.facts.refused, ticket.callId, call.context.house.approvalsPage()));
}

/** What a call brings of the server's own rounds, if it is small enough to be kept and put back. */
export function keptRound(call: GatedCall): Ticket['round'] | undefined {
  const round: ServerRound = call.hasRound ? serverRoundOf(call.bytes) : {};
  return (round.requestState?.length ?? 0) + (round.inputResponses?.length ?? 0) > roundCharactersMax ? undefined : round;
}

export function waitingOf({ context: { house }, read: { facts } }: Pick<GatedCall, 'context' | 'read'>): Waiting {
  const { server, tool } = facts.refused;
  const url = house.approvalsPage();
  const where = url === undefined ? 'in the Countersign console' : `at ${url}`;
  return {
    ticket: facts.observed.callId, url,
    message: `Countersign holds the call ${server}/${tool.slice(0, 128)} of agent "${house.agent.name}" until a person decides it ${where}. Nothing answered here approves it. Accept to keep waiting, decline to give the call up.`,
  };
}

function leaveTask(call: GatedCall, ticket: Ticket): Passage | undefined {
  const { client, asked, read, bytes, context: { house, conversation, era }, mirrors } = call;
  const isTask = asked.method === 'tools/call' && (era.era === 'modern' ? client.abilities.tasks : client.wantsTask);
  if (!isTask) return undefined;
  const { message } = waitingOf(call);
  const task = house.tasks.open({ callId: ticket.callId, conversation, era, read: { ...read, ticket }, bytes, mirrors, message, createdAtWallMs: house.clock.wallMs() }, house.clock.monotonicMs());
  return task === undefined ? undefined : call.answer(taskCreated({ rpcId: asked.rpcId, era: era.era }, factsOf(task)));
}

function leaveRound(call: GatedCall, ticket: Ticket): Passage | undefined {
  const { client, asked, context: { era } } = call;
  const waiting = waitingOf(call);
  const mode = elicitationMode(client.abilities, waiting);
  if (era.era !== 'modern' || mode === undefined || !roundMethods.has(asked.method) || ticket.rounds >= roundsMax || ticket.round === undefined) return undefined;
  ticket.rounds += 1;
  return call.answer(inputRequiredAnswer(asked.rpcId, ticket.callId, ticket.rounds === 1 ? elicitationOf(waiting, mode) : undefined));
}
