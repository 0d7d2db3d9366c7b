/**
 * How risky a call is, remembered from call to call of one tool.
 * CT1. Only what did not look at the arguments is remembered: a rule that reads them is asked anew each time.
 * CT2. Another policy, another definition of the tool, the first call of a session: each is another answer.
 * CT3. At most `toolsMax` tools are remembered; beyond that all are forgotten and remembered anew.
 */
import { resultRuleOf, tierOf, type CallFacts, type CompiledPolicy, type TierOfCall, type WaitRule } from '@countersign/policy/runtime';

const toolsMax = 2_000;
const toolCharactersMax = 512;

export interface CallTier {
  readonly tier: TierOfCall;
  readonly resultRule: WaitRule;
}

interface Known extends CallTier {
  readonly definition: CallFacts['definition'];
  readonly agent: CallFacts['agent'];
  readonly server: string;
}

export class CallTiers {
  #policy: CompiledPolicy | undefined;
  readonly #known = new Map<string, Known>();

  of(policy: CompiledPolicy, facts: CallFacts): CallTier {
    if (policy !== this.#policy || this.#known.size >= toolsMax) this.#known.clear();
    this.#policy = policy;
    const key = `${facts.firstOfSession === true ? 'first' : 'later'} ${facts.tool}`;
    const known = this.#known.get(key);
    if (known !== undefined && known.definition === facts.definition && known.agent === facts.agent && known.server === facts.server) return known;
    return this.#read(key, policy, facts);
  }

  #read(key: string, policy: CompiledPolicy, facts: CallFacts): CallTier {
    let wereRead = false;
    const watched: CallFacts = {
      ...facts,
      get args() {
        wereRead = true;
        return facts.args;
      },
    };
    const tier = tierOf(policy, watched);
    const read = { tier, resultRule: resultRuleOf(policy, watched) };
    if (!wereRead && facts.tool.length <= toolCharactersMax) this.#known.set(key, { ...read, definition: facts.definition, agent: facts.agent, server: facts.server });
    return read;
  }
}
