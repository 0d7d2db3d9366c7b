/** Lists what a server has and uses each thing once. */
import type { Client, Tool } from '@modelcontextprotocol/client';

export interface PlannedCall {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

export interface Exploration {
  /** Calls the scenario prescribes; every other tool is called with arguments made from its schema. */
  readonly calls: readonly PlannedCall[];
  /** Repeats what needed a sign-in first. */
  readonly attempt: <T>(act: () => Promise<T>) => Promise<T>;
}

/** One tool that fails does not keep the others from being called; the first failure is thrown at the end. */
export async function exploreServer(client: Client, { calls, attempt }: Exploration): Promise<void> {
  const failures: unknown[] = [];
  const tryOne = async (act: () => Promise<unknown>): Promise<void> => {
    await attempt(act).catch((error: unknown) => failures.push(error));
  };
  const { tools } = await attempt(() => client.listTools());
  const planned = calls.length > 0 ? calls : tools.map((tool) => ({ name: tool.name, arguments: argumentsFor(tool, tools) }));
  for (const call of planned) await tryOne(() => client.callTool(call));
  const has = client.getServerCapabilities();
  if (has?.resources !== undefined) {
    const { resources } = await client.listResources();
    for (const { uri } of resources) await tryOne(() => client.readResource({ uri }));
  }
  if (has?.prompts !== undefined) {
    const { prompts } = await client.listPrompts();
    for (const { name } of prompts) await tryOne(() => client.getPrompt({ name }));
  }
  if (failures.length > 0) throw failures[0];
}

function argumentsFor(tool: Tool, all: readonly Tool[]): Record<string, unknown> {
  const { properties = {}, required = [] } = tool.inputSchema;
  const rich = all.find(({ name, inputSchema }) => name !== tool.name && '$defs' in inputSchema);
  // A tool that takes a schema is asking for one it showed us: it wants to see what became of it.
  return Object.fromEntries(required.map((name) => [name, name === 'schema' && rich !== undefined ? rich.inputSchema : sampleOf(properties[name])]));
}

function sampleOf(schema: unknown): unknown {
  const type = typeof schema === 'object' && schema !== null && 'type' in schema ? schema.type : 'string';
  switch (type) {
    case 'number':
    case 'integer':
      return 5;
    case 'boolean':
      return true;
    case 'object':
      return {};
    case 'array':
      return [];
    default:
      return 'text';
  }
}
