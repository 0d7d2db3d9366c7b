/**
 * A gate for tests: a real server on a real socket that speaks gate frames, with a judge and people of the test's own.
 * What it says is checked against the contracts' schemas, and so is everything a tap says to it.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { gateFrameSchema, observationSchema, tapFrameSchema, verdictSchema, type GateFrame, type Observation, type Verdict } from '@countersign/contracts';
import { compilePolicy, defaultPolicy, rawPublicKeyOf, sealPolicy, signGrant, type GrantBody, type Policy } from '@countersign/policy/runtime';

export type Judgement = Partial<Omit<Verdict, 'kind'>> & Pick<Verdict, 'kind'>;
export type Judge = (observation: Observation) => Judgement | undefined;

const newKey = (): string => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

export class TestGate {
  readonly observations: Observation[] = [];
  readonly hellos: string[] = [];
  readonly policyVersion: string;
  /** Undefined: nothing is said. */
  judge: Judge = () => ({ kind: 'allow' });
  /** False: observations are taken and not acknowledged. */
  acknowledges = true;
  readonly #sealKey = newKey();
  readonly #grantKey = newKey();
  readonly #policy: Policy;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #connection: Socket | undefined;
  /** Wall clock for grants and seals; tests with a seeded clock pass its own. */
  wallMs: () => number = () => Date.now();

  constructor(policy: Policy = defaultPolicy) {
    this.#policy = policy;
    this.policyVersion = compilePolicy(policy).version;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(socketPath: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socketPath, resolve);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Ends all connections; the listening goes on. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  calls(phase: 'request' | 'result' = 'request'): Observation[] {
    return this.observations.filter(({ call }) => call?.phase === phase);
  }

  kinds(kind: Observation['kind']): Observation[] {
    return this.observations.filter((observation) => observation.kind === kind);
  }

  verdict(observation: Observation, { kind, ...changed }: Judgement): void {
    const { call } = observation;
    if (call === undefined) throw new Error('only calls are judged');
    const { agent, domain, epoch, id, server, session, tapId } = observation;
    const { actionDigest, callId, impact, phase, policyVersion, tier, tool } = call;
    this.send({
      type: 'verdict',
      verdict: verdictSchema.parse({
        v: 1, id: `${id}/verdict`, observationId: id, domain, tapId, epoch, callId, phase, agent, session, server, tool, impact, tier, kind,
        mode: 'enforce', reasons: kind === 'allow' ? [] : [{ code: 'test-reason', text: 'raw evidence', wouldPass: 'Something else.' }], findingIds: [],
        policyVersion, actionDigest, at: '2026-01-01T00:00:00.000Z', waitedMs: 1,
        ...(kind === 'step_up' ? { ask: { groups: ['operators'], quorum: 1, deadlineMs: 300_000 } } : {}),
        ...changed,
      }),
    });
  }

  grantFor({ tapId, call }: Observation, changed: Partial<GrantBody> = {}): GrantBody {
    if (call === undefined) throw new Error('only calls are approved');
    return {
      typ: 'grant', aud: tapId, callId: call.callId, actionDigest: call.actionDigest, displayDigest: 'd'.repeat(64), outcome: 'approved', approvers: ['ana'],
      iat: this.wallMs(), exp: this.wallMs() + 300_000, nonce: randomBytes(16).toString('hex'), ...changed,
    };
  }

  sign(body: GrantBody): string {
    return signGrant(this.#grantKey, body);
  }

  decide(observation: Observation, outcome: 'approved' | 'denied' | 'expired', changed: { readonly grant?: string; readonly message?: string } = {}): void {
    const { call, domain, tapId } = observation;
    const grant = outcome === 'approved' ? this.sign(this.grantFor(observation)) : undefined;
    this.send({
      type: 'decision',
      decision: {
        v: 1, id: randomBytes(8).toString('hex'), kind: 'approval', domain, at: '2026-01-01T00:00:00.000Z', by: 'ana', via: 'console', outcome, tapId,
        ...(call === undefined ? {} : { callId: call.callId, actionDigest: call.actionDigest }), ...(grant === undefined ? {} : { grant }), ...changed,
      },
    });
  }

  send(frame: GateFrame): void {
    this.#connection?.write(`${JSON.stringify(gateFrameSchema.parse(frame))}\n`);
  }

  sendPolicy(policy: Policy, changed: { readonly sealKey?: string; readonly atMs?: number } = {}): void {
    const key = changed.sealKey ?? this.#sealKey;
    this.send({ type: 'policy', sealed: sealPolicy(policy, key, changed.atMs ?? this.wallMs()), sealKey: rawPublicKeyOf(key), grantKey: rawPublicKeyOf(this.#grantKey) });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.write(`${JSON.stringify({ type: 'challenge', nonce: 'n1', gateId: 'test' })}\n`);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) this.#take(tapFrameSchema.parse(JSON.parse(line)), socket);
    });
  }

  #take(frame: ReturnType<typeof tapFrameSchema.parse>, socket: Socket): void {
    if (frame.type === 'hello') {
      this.hellos.push(`${frame.tapId}/${frame.epoch}`);
      this.#connection = socket;
      this.send({ type: 'welcome', domain: 'local' });
      this.sendPolicy(this.#policy);
      return;
    }
    const observations = frame.records.map((record) => observationSchema.parse(JSON.parse(record)));
    const last = observations.at(-1);
    this.observations.push(...observations);
    if (this.acknowledges && last !== undefined) this.send({ type: 'acked', epoch: frame.epoch, seq: last.seq });
    for (const observation of observations) this.#judge(observation);
  }

  #judge(observation: Observation): void {
    if (observation.call === undefined) return;
    const judgement = this.judge(observation);
    if (judgement !== undefined) this.verdict(observation, judgement);
  }
}
