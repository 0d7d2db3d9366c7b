import { CreateTaskResultSchema, GetTaskResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { askingForTask, callOfTask, callUnder, outcomeOf, relatedTo, saidOfTask, serverTaskOf, taskCancelled, taskCreated, taskIdOf, taskResult, taskState } from './task-handle.js';

const facts = { taskId: taskIdOf('c1'), status: 'working', createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:01.000Z', ttlMs: 900_000, pollMs: 2_000, message: 'waits' } as const;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const result = (bytes: Uint8Array): Record<string, unknown> => (JSON.parse(text(bytes)) as { result: Record<string, unknown> }).result;
const legacy = { rpcId: '7', era: 'legacy' } as const;
const modern = { rpcId: '"m"', era: 'modern' } as const;

describe('a task that stands for a held call', () => {
  it('[T47] has the form of the revision 2025-11-25 for legacy clients', () => {
    expect(CreateTaskResultSchema.parse(result(taskCreated(legacy, facts))).task).toMatchObject({ taskId: 'dev.countersign-c1', status: 'working', ttl: 900_000, pollInterval: 2_000 });
    expect(GetTaskResultSchema.parse(result(taskState(legacy, { ...facts, status: 'cancelled' })))).toMatchObject({ status: 'cancelled' });
  });

  it('[T47] has the form of the extension for modern clients: flat, no state of a round, the outcome inline', () => {
    const created = result(taskCreated(modern, facts));
    expect(created).toMatchObject({ resultType: 'task', taskId: facts.taskId, status: 'working', ttlMs: 900_000 });
    expect(['task', 'result', 'error', 'inputRequests', 'requestState'].filter((key) => key in created)).toEqual([]);
    const ended = taskState(modern, { ...facts, status: 'completed' }, { member: 'result', text: '{"content":[],"n":1.0}' });
    expect(text(ended)).toContain('"result":{"content":[],"n":1.0}}}');
    expect(result(ended)).toMatchObject({ resultType: 'complete', status: 'completed', result: { content: [] } });
    expect(result(taskCancelled(modern, facts))).toEqual({ resultType: 'complete' });
  });

  it('is known by its id, and a server’s task is not', () => {
    expect([callOfTask(facts.taskId), callOfTask('server-1'), callOfTask(7)]).toEqual(['c1', undefined, undefined]);
  });

  it('[T1] its call runs as the bytes that came, under the id of the poll', () => {
    const call = Buffer.from('{ "jsonrpc":"2.0","id" : "a","method":"tools/call","params":{"name":"t","task":{"ttl":1},"arguments":{"n":1.0}}}');
    expect(text(callUnder(call, '9', { asTask: true }))).toBe(call.toString().replace('"a"', '9'));
    expect(text(callUnder(call, '9', { asTask: false }))).toBe(call.toString().replace('"a"', '9').replace(',"task":{"ttl":1}', ''));
  });

  it('a result fetched with tasks/result is marked as the task’s, whatever metadata it had', () => {
    const marked = { 'io.modelcontextprotocol/related-task': { taskId: 't' } };
    expect(result(relatedTo(Buffer.from('{"id":1,"result":{"content":[],"_meta":{"a":1}}}'), 't'))).toEqual({ content: [], _meta: { a: 1, ...marked } });
    expect(result(relatedTo(Buffer.from('{"id":1,"result":{}}'), 't'))).toEqual({ _meta: marked });
    expect(result(taskResult('1', { member: 'result', text: '{"content":[]}' }, 't'))).toEqual({ content: [], _meta: marked });
  });

  it('a server’s own task behind it speaks in its name', () => {
    const made = serverTaskOf(Buffer.from('{"id":7,"result":{"task":{"taskId":"s1","status":"working","ttl":null}}}'), legacy, facts.taskId);
    expect([made?.serverTaskId, made && result(made.state)]).toEqual(['s1', { taskId: facts.taskId, status: 'working', ttl: null }]);
    expect(serverTaskOf(Buffer.from('{"id":"m","result":{"resultType":"task","taskId":"s2","status":"working"}}'), modern, facts.taskId)?.serverTaskId).toBe('s2');
    expect(serverTaskOf(Buffer.from('{"id":"m","result":{"resultType":"complete","content":[]}}'), modern, facts.taskId)).toBeUndefined();
    expect(text(askingForTask(Buffer.from('{"id":1,"method":"tasks/get","params":{"taskId":"x"}}'), 's1'))).toBe('{"id":1,"method":"tasks/get","params":{"taskId":"s1"}}');
    expect(text(saidOfTask(Buffer.from('{"id":1,"result":{"taskId":"s1","_meta":{"io.modelcontextprotocol/related-task":{"taskId":"s1"}}}}'), 'x'))).toBe('{"id":1,"result":{"taskId":"x","_meta":{"io.modelcontextprotocol/related-task":{"taskId":"x"}}}}');
  });

  it('an outcome is a result or an error, as it was written', () => {
    expect([outcomeOf(Buffer.from('{"id":1,"error":{"code":1.0}}')), outcomeOf(Buffer.from('{"id":1}'))]).toEqual([{ member: 'error', text: '{"code":1.0}' }, undefined]);
  });
});
