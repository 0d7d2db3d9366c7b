/** The little company of the demonstration: its servers, its agents and the taps between them. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ScriptedAgent, type Door } from './agent.js';
import { attestations, type Attestations } from './attestations.js';
import { ExecutedCalls } from './executed.js';
import { identitiesOf, type Identities } from './identities.js';
import type { Person } from './person.js';
import { customersServer, openCustomers } from './servers/customers.js';
import { deskServer } from './servers/desk.js';
import { honestDescription, mailServer, type MailDescription } from './servers/mail.js';
import { serve, type RunningServer } from './servers/serve.js';
import { startHttpTap, stdioTap, type HttpTap, type Identity, type TapSettings } from './taps.js';
import type { VerdictWatch } from './verdict-watch.js';


export interface WorldOptions extends TapSettings {
  /** The domain taps report to; an attestation names it. */
  readonly domain: string;
  readonly watch: VerdictWatch;
  readonly person: Person;
}

const serverFile = (packageName: string) => join(dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`)), 'dist', 'index.js');

export class World {
  readonly description: MailDescription = { text: honestDescription };
  readonly agents: Identities = identitiesOf(randomBytes(2).toString('hex'));
  readonly attestations: Attestations;
  readonly executed: ExecutedCalls;
  readonly sharedDir: string;
  /** Task id of the session in which B last acted for another agent. */
  lastTaskOfB = '';
  readonly #servers: RunningServer[] = [];
  readonly #taps = new Map<string, HttpTap>();
  #doors: Readonly<Record<string, Record<string, Door>>> = {};

  private constructor(readonly options: WorldOptions, dir: string) {
    this.attestations = attestations(this.agents.support.name, options.domain);
    this.sharedDir = join(dir, 'shared');
    mkdirSync(this.sharedDir, { recursive: true });
    writeFileSync(join(this.sharedDir, 'welcome.txt'), 'Shared folder of the demonstration.\n');
    this.executed = new ExecutedCalls(join(dir, 'executed.jsonl'));
  }

  static async open(options: WorldOptions, dir: string): Promise<World> {
    const world = new World(options, dir);
    await world.#start(dir);
    return world;
  }

  /** A new session of one agent. */
  session(identity: Identity, task: string, more: { attestation?: string; era?: 'legacy' | 'modern' } = {}): ScriptedAgent {
    return new ScriptedAgent({ identity, task, doors: this.#doors[identity.name] ?? {}, ...more });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#taps.values()].map((tap) => tap.stop()));
    await Promise.all(this.#servers.map((server) => server.stop()));
    this.executed.close();
  }

  async #start(dir: string): Promise<void> {
    const { support, courier, analyst, mailer } = this.agents;
    const db = openCustomers(join(dir, 'customers.sqlite'));
    const customers = await this.#serve(() => customersServer(db, this.executed));
    const mail = await this.#serve(() => mailServer(this.executed, this.description));
    const desk = await this.#serve(() => deskServer(this.executed, (text) => this.#sendAsB(text)));
    const [supportCustomers, supportMail, courierCustomers, courierMail, analystCustomers, analystDesk, mailerMail] = await Promise.all([
      this.#tap('demo-customers', support, customers), this.#tap('demo-mail', support, mail),
      this.#tap('demo-customers', courier, customers), this.#tap('demo-mail', courier, mail),
      this.#tap('demo-customers', analyst, customers), this.#tap('demo-desk', analyst, desk),
      this.#tap('demo-mail', mailer, mail),
    ]);
    this.#doors = {
      [support.name]: { customers: supportCustomers, mail: supportMail, files: this.#files(support), memory: this.#memory(support, dir) },
      [courier.name]: { customers: courierCustomers, mail: courierMail },
      [analyst.name]: { customers: analystCustomers, desk: analystDesk, files: this.#files(analyst) },
      [mailer.name]: { mail: mailerMail, files: this.#files(mailer) },
    };
  }

  async #serve(make: Parameters<typeof serve>[0]): Promise<string> {
    const server = await serve(make);
    this.#servers.push(server);
    return server.url;
  }

  async #tap(server: string, agent: Identity, upstream: string): Promise<Door> {
    const tap = await startHttpTap(this.options, { server, agent, upstream });
    this.#taps.set(`${agent.name}/${server}`, tap);
    return { url: tap.url };
  }

  #files(agent: Identity): Door {
    const command = [process.execPath, serverFile('@modelcontextprotocol/server-filesystem'), this.sharedDir];
    return stdioTap(this.options, { server: 'demo-files', agent, command });
  }

  #memory(agent: Identity, dir: string): Door {
    const command = ['env', `MEMORY_FILE_PATH=${join(dir, 'memory.jsonl')}`, process.execPath, serverFile('@modelcontextprotocol/server-memory')];
    return stdioTap(this.options, { server: 'demo-memory', agent, command });
  }

  /** Agent B acts with its own rights on whatever it was handed. */
  async #sendAsB(mail: { to: string; subject: string; body: string }): Promise<string> {
    const agentB = this.session(this.agents.mailer, 'Take care of the mails the other agents hand over.');
    try {
      this.lastTaskOfB = agentB.taskId;
      return (await agentB.call('mail', 'send_mail', mail)).text;
    } finally {
      await agentB.close();
    }
  }

}
