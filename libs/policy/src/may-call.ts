/**
 * Which agent may call what, and who may read what.
 * MC1. An agent named by no rule with `mayCall` is not restricted here; once one rule restricts it, only what some rule lists is allowed.
 * MC2. Globs in `mayCall` name `server/tool`.
 */
import type { CompiledPolicy } from './compile.js';
import { globMatches } from './glob.js';

interface Who {
  readonly name: string;
  readonly role: string;
}

/** @returns may this agent call this tool at all, whatever the arguments? */
export function agentMayCall(compiled: CompiledPolicy, agent: Who, called: { readonly server: string; readonly tool: string }): boolean {
  const restricting = compiled.policy.agents.filter((rule) => rule.mayCall !== undefined && isAbout(rule, agent));
  if (restricting.length === 0) return true;
  const target = `${called.server}/${called.tool}`;
  return restricting.some((rule) => rule.mayCall?.some((glob) => globMatches(glob, target)));
}

/** @param readers agent names or `role:<role>`; undefined = everyone in the domain. */
export function mayReach(readers: readonly string[] | undefined, agent: Who): boolean {
  return readers === undefined || readers.some((reader) => (reader.startsWith('role:') ? globMatches(reader.slice(5), agent.role) : globMatches(reader, agent.name)));
}

/** The people answerable for an agent: they cannot approve its calls (A6). */
export function ownersOf(compiled: CompiledPolicy, agent: Who): readonly string[] {
  return compiled.policy.agents.flatMap((rule) => (rule.owner !== undefined && isAbout(rule, agent) ? [rule.owner] : []));
}

function isAbout(rule: { readonly name?: string | undefined; readonly role?: string | undefined }, agent: Who): boolean {
  return (rule.name === undefined || globMatches(rule.name, agent.name)) && (rule.role === undefined || globMatches(rule.role, agent.role));
}
