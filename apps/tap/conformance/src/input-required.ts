/** Tools and a prompt of the modern era that answer `input_required` first and finish when the client comes back. */
import { createHash } from 'node:crypto';
import { acceptedContent, CLIENT_CAPABILITIES_META_KEY, createRequestStateCodec, inputRequired, inputResponse, type ClientCapabilities, type InputRequests, type McpServer, type ServerContext } from '@modelcontextprotocol/server';

interface State {
  readonly round: number;
  readonly name?: string;
}

/** One key for all instances of this process: each request is served by a new one. */
export const stateCodec = createRequestStateCodec<State>({ key: createHash('sha256').update(`fixture ${process.pid}`).digest(), ttlSeconds: 600 });

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

const form = (message: string, name: string) => inputRequired.elicit({ message, requestedSchema: { type: 'object', properties: { [name]: { type: 'string' } }, required: [name] } });
const confirmation = inputRequired.elicit({ message: 'Please confirm', requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] } });
const sample = (prompt: string, maxTokens: number) => inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens });

const textOf = (context: ServerContext, key: string, name: string) => {
  const value = acceptedContent(context.mcpReq.inputResponses, key)?.[name];
  return typeof value === 'string' ? value : undefined;
};
const sampledText = (context: ServerContext, key: string) => {
  const answer = inputResponse(context.mcpReq.inputResponses, key);
  if (answer.kind !== 'sampling') return undefined;
  const blocks = Array.isArray(answer.result.content) ? answer.result.content : [answer.result.content];
  return blocks.map((block) => (block.type === 'text' ? block.text : block.type)).join(' ');
};
const rootNames = (context: ServerContext, key: string) => {
  const answer = inputResponse(context.mcpReq.inputResponses, key);
  return answer.kind === 'roots' ? answer.roots.map(({ uri, name }) => name ?? uri).join(', ') : undefined;
};

export function addInputRequired(server: McpServer): void {
  addOneQuestionTools(server);
  addStateTools(server);
  addCapabilityTools(server);
  server.registerPrompt('test_input_required_result_prompt', { description: 'Needs a context from the user.' }, (context) => {
    const given = textOf(context, 'user_context', 'context');
    if (given === undefined) return inputRequired({ inputRequests: { user_context: form('What context should the prompt use?', 'context') } });
    return { messages: [{ role: 'user', content: { type: 'text', text: `The context is: ${given}` } }] };
  });
}

function addOneQuestionTools(server: McpServer): void {
  server.registerTool('test_input_required_result_elicitation', { description: 'Greets by a name it asks for.' }, (context) => {
    const name = textOf(context, 'user_name', 'name');
    return name === undefined ? inputRequired({ inputRequests: { user_name: form('What is your name?', 'name') } }) : text(`Hello, ${name}!`);
  });
  server.registerTool('test_input_required_result_sampling', { description: 'Has the model of the client answer.' }, (context) => {
    const answer = sampledText(context, 'capital_question');
    return answer === undefined ? inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?', 100) } }) : text(`The model says: ${answer}`);
  });
  server.registerTool('test_input_required_result_list_roots', { description: 'Names the roots of the client.' }, (context) => {
    const roots = rootNames(context, 'client_roots');
    return roots === undefined ? inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } }) : text(`Roots: ${roots}`);
  });
  server.registerTool('test_streaming_elicitation', { description: 'Asks a question and never sends a request of its own.' }, (context) =>
    textOf(context, 'user_name', 'name') === undefined ? inputRequired({ inputRequests: { user_name: form('What is your name?', 'name') } }) : text('Asked.'),
  );
}

function addStateTools(server: McpServer): void {
  const confirming = [
    ['test_input_required_result_request_state', 'Checks that its state comes back as it left.'],
    ['test_input_required_result_tampered_state', 'Refuses a state somebody changed.'],
  ] as const;
  for (const [name, description] of confirming) {
    server.registerTool(name, { description }, async (context) => {
      const isConfirmed = acceptedContent(context.mcpReq.inputResponses, 'confirm') !== undefined && context.mcpReq.requestState<State>()?.round === 1;
      return isConfirmed ? text('state-ok') : inputRequired({ inputRequests: { confirm: confirmation }, requestState: await stateCodec.mint({ round: 1 }) });
    });
  }
  server.registerTool('test_input_required_result_multiple_inputs', { description: 'Asks the user, the model and the roots at once.' }, async (context) => {
    const answers = [textOf(context, 'user_name', 'name'), sampledText(context, 'greeting'), rootNames(context, 'client_roots')];
    if (context.mcpReq.requestState<State>() !== undefined && answers.every((answer) => answer !== undefined)) return text(answers.join(' · '));
    const inputRequests: InputRequests = { user_name: form('What is your name?', 'name'), greeting: sample('Generate a greeting', 50), client_roots: inputRequired.listRoots() };
    return inputRequired({ inputRequests, requestState: await stateCodec.mint({ round: 1 }) });
  });
  server.registerTool('test_input_required_result_multi_round', { description: 'Asks twice, with a new state each time.' }, async (context) => {
    const state = context.mcpReq.requestState<State>();
    const name = state?.name ?? textOf(context, 'step1', 'name');
    if (state === undefined || name === undefined) return inputRequired({ inputRequests: { step1: form('Step 1: What is your name?', 'name') }, requestState: await stateCodec.mint({ round: 1 }) });
    const color = state.round === 2 ? textOf(context, 'step2', 'color') : undefined;
    if (color === undefined) return inputRequired({ inputRequests: { step2: form('Step 2: What is your favorite color?', 'color') }, requestState: await stateCodec.mint({ round: 2, name }) });
    return text(`${name} likes ${color}.`);
  });
}

function addCapabilityTools(server: McpServer): void {
  server.registerTool('test_missing_capability', { description: 'Cannot do without the model of the client.' }, (context) => {
    const answer = sampledText(context, 'needed');
    return answer === undefined ? inputRequired({ inputRequests: { needed: sample('Say anything.', 10) } }) : text(answer);
  });
  server.registerTool('test_input_required_result_capabilities', { description: 'Asks only what the client says it can answer.' }, (context) => {
    // The envelope's own type is empty in this release of the SDK; the keys are those of the specification.
    const envelope: { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities } = context.mcpReq.envelope ?? {};
    const can = envelope[CLIENT_CAPABILITIES_META_KEY];
    const inputRequests: InputRequests = {
      ...(can?.sampling === undefined ? {} : { sampled: sample('Say anything.', 10) }),
      ...(can?.elicitation === undefined ? {} : { asked: form('What is your name?', 'name') }),
    };
    const isAsked = context.mcpReq.inputResponses === undefined && Object.keys(inputRequests).length > 0;
    return isAsked ? inputRequired({ inputRequests }) : text('There is nothing left to ask.');
  });
}
