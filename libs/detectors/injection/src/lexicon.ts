/**
 * Words by the part they play in an instruction. Ordinary English, chosen for grammar and not for any known attack.
 * LX1. A word's classes are a bit mask; a word may play several parts.
 */
import { hashOf } from './word-hash.js';

export const wordClass = {
  command: 1 << 0, you: 1 << 1, duty: 1 << 2, order: 1 << 3, secrecy: 1 << 4, machine: 1 << 5, override: 1 << 6,
  please: 1 << 7, credential: 1 << 8, self: 1 << 9, article: 1 << 10, subject: 1 << 11, urgency: 1 << 12, pause: 1 << 13, negation: 1 << 14, being: 1 << 15, role: 1 << 16,
  preposition: 1 << 17, modal: 1 << 18, question: 1 << 19, third: 1 << 20,
} as const;
export const classBits = 21;

const words: Record<keyof typeof wordClass, string> = {
  command:
    'abandon abort accept access acknowledge activate add adjust advise alert allow amend analyse analyze answer append apply approve archive arrange ask assess assign assist attach authenticate authorize avoid backup ban begin block book boost bring broadcast browse build buy calculate call cancel capture carry categorize change charge check choose cite claim classify clear click close collect combine commit communicate compare compile complete compose compress compute configure confirm connect consider consult contact contribute convert copy correct count crawl create customize cut deactivate debug declare decline decode decrypt define delete deliver deny deploy deposit describe design destroy detach detect determine develop dial disable discard disclose discover discuss dispatch display distribute do donate download draft drop duplicate edit elaborate eliminate email embed empty enable encode encourage encrypt end endorse enroll ensure enter erase escalate establish estimate evaluate examine exchange exclude execute expand explain export expose extend extract feed fetch fill filter finalise finalize find finish fix flag focus follow force format formulate forward freeze gather generate get give go grant hand highlight hold identify illustrate impersonate implement import include incorporate increase index inform initiate inject inquire insert inspect install instruct integrate introduce investigate invite invoke issue join keep kick kill label launch leak leave let link list load lock log look lower mail make manage mark match measure mention merge message migrate mirror modify monitor move mute navigate negotiate notify obey obtain offer omit open operate order organise organize outline output override pass paste pay perform persuade pick pin place plan play poll post praise prepare present press prevent print prioritize proceed process produce promote propose protect prove provide publish pull purchase push put query quote raise reach reactivate read rearrange rebook reboot recall recite recommend record recover redirect reduce refer refund refuse register reject relay release relocate remember remove rename render renew rent reopen reorder repair repeat rephrase replace reply report request research resend reserve reset resolve respond restart restate restore restrict resume retrieve retry return reveal reverse review revise revoke reward rewrite rotate run save say scan schedule scrape scroll search secure seek select sell send separate serve set settle share show shut sign skip solve sort speak specify spend split spread start state stay steal stop store stream stress submit subscribe substitute suggest summarise summarize supply suppress suspend swap switch sync tag take talk teach tell test text think threaten throw toggle track trade train transfer translate transmit trash treat trigger try turn type unblock uninstall unlink unlock unpack unpin unsubscribe update upgrade upload upvote use utilize verify view visit vote wait warn watch whitelist wipe wire withdraw wrap write zip',
  you: 'you your yours yourself u',
  duty: 'must should shall need needs have has required require ought mandatory obliged necessary essential',
  order: 'before after first then next finally lastly once until prior subsequently afterwards beforehand when whenever',
  secrecy: 'secretly silently quietly discreetly confidential confidentially hide conceal unnoticed undisclosed covertly without privately',
  machine: 'assistant ai model agent agents llm chatbot bot gpt system instruction instructions prompt prompts directive directives task tasks goal command commands response reply answer output developer admin administrator',
  override: 'ignore disregard forget bypass override instead skip supersede cancel overrule neglect omit rather previous above earlier foregoing',
  please: 'please kindly pls plz',
  credential: 'password passwords token tokens secret secrets key keys credential credentials passphrase pin otp api code codes ssn passport account iban card',
  self: 'i me my mine we us our',
  article: 'the a an this that these those all any every each',
  subject: 'user users owner customer client person human him her them',
  pause: 'and then please to also must should now always never first you kindly just or',
  negation: 'not never don dont without avoid no cannot',
  being: 'is was are were has had of been',
  role: 'system assistant user human developer admin administrator instruction instructions prompt ai agent operator new',
  preposition: 'to from in on at with for of by about into onto through via under over between within per regarding',
  modal: 'can could would will may might',
  question: 'what which who whom whose how why where',
  third: 'he she it they them its their his hers theirs',
  urgency: 'immediately urgent urgently important now asap instantly promptly critical attention crucial vital emergency',
};

/** Open addressing: masks by hash, half empty, so that most words are answered by one look. */
const slotBits = 12;
const slots = { hashes: new Int32Array(1 << slotBits), masks: new Int32Array(1 << slotBits) };
const slotMask = (1 << slotBits) - 1;

function slotOf(hash: number): number {
  let slot = (hash ^ (hash >>> slotBits)) & slotMask;
  while (slots.hashes[slot] !== 0 && slots.hashes[slot] !== hash) slot = (slot + 1) & slotMask;
  return slot;
}

for (const name of Object.keys(words) as (keyof typeof wordClass)[]) {
  for (const word of words[name].split(' ')) {
    const slot = slotOf(hashOf(word));
    slots.hashes[slot] = hashOf(word);
    slots.masks[slot] = (slots.masks[slot] ?? 0) | wordClass[name];
  }
}

/** Which of a word's parts names it, when one must: the first of these. */
const byRank: readonly (readonly [keyof typeof wordClass, number])[] = [
  ['please', 13], ['you', 2], ['negation', 10], ['being', 8], ['duty', 3], ['modal', 27], ['article', 5], ['preposition', 22], ['question', 23], ['self', 6], ['override', 12],
  ['command', 1], ['order', 4], ['machine', 11], ['third', 28], ['subject', 7], ['credential', 24], ['secrecy', 25], ['urgency', 26], ['pause', 9],
];
const parts = Uint8Array.from(slots.masks, (mask) => byRank.find(([name]) => (mask & wordClass[name]) !== 0)?.[1] ?? 0);

/** @param hash of the lower-case word. @returns its place in the lexicon, for `maskAt` and `partAt`. */
export const placeOf = slotOf;

/** @returns the mask of the word's classes; 0 for a word that plays no part. */
export function maskAt(place: number): number {
  return slots.masks[place] ?? 0;
}

/** @returns 1–28, the one part that names the word; 0 for a word that plays none. */
export function partAt(place: number): number {
  return parts[place] ?? 0;
}
