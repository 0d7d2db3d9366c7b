/** Tools of the legacy era that ask the client in the middle of a call. */
import { fromJsonSchema, type ElicitRequestFormParams, type McpServer } from '@modelcontextprotocol/server';

type RequestedSchema = ElicitRequestFormParams['requestedSchema'];

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });
const one = (name: string) => fromJsonSchema<Record<string, string>>({ type: 'object', properties: { [name]: { type: 'string' } }, required: [name] });

const userSchema: RequestedSchema = {
  type: 'object',
  properties: { username: { type: 'string', description: "User's response" }, email: { type: 'string', description: "User's email address" } },
  required: ['username', 'email'],
};

const defaultsSchema: RequestedSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
};

const titled = (...pairs: readonly (readonly [string, string])[]) => pairs.map(([value, title]) => ({ const: value, title }));

const enumsSchema: RequestedSchema = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: titled(['value1', 'First Option'], ['value2', 'Second Option'], ['value3', 'Third Option']) },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', items: { anyOf: titled(['value1', 'First Choice'], ['value2', 'Second Choice'], ['value3', 'Third Choice']) } },
  },
};

export function addAskingTools(server: McpServer): void {
  server.registerTool('test_sampling', { description: 'Asks the model of the client.', inputSchema: one('prompt') }, async ({ prompt = '' }, context) => {
    const answer = await context.mcpReq.requestSampling({ messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 });
    const blocks = Array.isArray(answer.content) ? answer.content : [answer.content];
    return text(`LLM response: ${blocks.map((block) => (block.type === 'text' ? block.text : block.type)).join(' ')}`);
  });
  server.registerTool('test_elicitation', { description: 'Asks the user for a name and an address.', inputSchema: one('message') }, async ({ message = '' }, context) => {
    const answer = await context.mcpReq.elicitInput({ message, requestedSchema: userSchema });
    return text(`User response: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
  });
  const forms = [
    ['test_elicitation_sep1034_defaults', 'Asks with a default for every primitive type.', defaultsSchema],
    ['test_elicitation_sep1330_enums', 'Asks with every form of choice.', enumsSchema],
  ] as const;
  for (const [name, description, requestedSchema] of forms) {
    server.registerTool(name, { description }, async (context) => {
      const answer = await context.mcpReq.elicitInput({ message: 'Please look at the form.', requestedSchema });
      return text(`Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    });
  }
}
