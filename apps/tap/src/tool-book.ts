/**
 * Tool definitions learned from `tools/list` answers that pass by.
 * TB1. The last definition seen under a name counts; whether a change is allowed is judged elsewhere, from the observations.
 * TB2. Bounded: at most `toolsMax` definitions, none larger than `definitionCharactersMax`; what is not kept counts as never seen.
 */
import type { ToolDefinition } from '@countersign/policy/runtime';
import { isRecord } from '@countersign/wire';

const toolsMax = 2_000;
const definitionCharactersMax = 64 * 1024;

export class ToolBook {
  readonly #tools = new Map<string, ToolDefinition>();

  definitionOf(name: string): ToolDefinition | undefined {
    return this.#tools.get(name);
  }

  /** @param result of a `tools/list` request, as the server sent it. */
  learn(result: unknown): void {
    const tools = isRecord(result) ? result['tools'] : undefined;
    if (!Array.isArray(tools)) return;
    for (const tool of tools.slice(0, toolsMax)) this.#learnOne(tool);
  }

  #learnOne(tool: unknown): void {
    if (!isRecord(tool) || typeof tool['name'] !== 'string') return;
    const { name, description, inputSchema, outputSchema, annotations } = tool;
    this.#tools.delete(name as string);
    if (this.#tools.size >= toolsMax || JSON.stringify(tool).length > definitionCharactersMax) return;
    this.#tools.set(name as string, { name: name as string, inputSchema, outputSchema, annotations, description: typeof description === 'string' ? description : undefined });
  }
}
