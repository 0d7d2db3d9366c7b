/**
 * Which ways of waiting a client says it knows: what it declared in `initialize`, or declares with each modern request.
 * CA1. Only what is declared counts; an empty `elicitation` means forms.
 */
import { isRecord } from './rpc-message.js';

export interface ClientAbilities {
  readonly elicitForm: boolean;
  readonly elicitUrl: boolean;
  /** The extension `io.modelcontextprotocol/tasks` (2026-07-28). */
  readonly tasks: boolean;
}

const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';
const tasksExtension = 'io.modelcontextprotocol/tasks';
export const noAbilities: ClientAbilities = { elicitForm: false, elicitUrl: false, tasks: false };

/** @returns undefined when this message declares nothing. */
export function clientAbilitiesOf(method: string | undefined, params: Readonly<Record<string, unknown>> | undefined): ClientAbilities | undefined {
  const meta = params?.['_meta'];
  const declared = method === 'initialize' ? params?.['capabilities'] : isRecord(meta) ? meta[capabilitiesKey] : undefined;
  if (!isRecord(declared)) return undefined;
  const { elicitation, extensions } = declared;
  const hasForms = isRecord(elicitation) && ('form' in elicitation || !('url' in elicitation));
  return {
    elicitForm: hasForms,
    elicitUrl: isRecord(elicitation) && 'url' in elicitation,
    tasks: isRecord(extensions) && Object.hasOwn(extensions, tasksExtension),
  };
}
