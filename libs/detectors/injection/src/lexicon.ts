/**
 * Words by the part they play in an instruction. Ordinary English, chosen for grammar and not for any known attack.
 * LX1. A word's classes are a bit mask; a word may play several parts.
 */
import { hashOf } from './word-hash.js';

export const wordClass = {
  command: 1 << 0, you: 1 << 1, duty: 1 << 2, order: 1 << 3, secrecy: 1 << 4, machine: 1 << 5, override: 1 << 6,
  please: 1 << 7, credential: 1 << 8, self: 1 << 9, article: 1 << 10, subject: 1 << 11, urgency: 1 << 12, pause: 1 << 13, negation: 1 << 14, being: 1 << 15, role: 1 << 16,
} as const;
export const classBits = 17;

const words: Record<keyof typeof wordClass, string> = {
  command:
    'add allow answer append apply approve archive ask assign attach authorize backup begin book browse buy call cancel change check clear click close collect combine compile compose confirm connect consider convert copy create deactivate decode decrypt delete deliver describe determine disable disclose display do download draft drop edit email embed empty enable encode encrypt end ensure enter erase execute explain export extract fetch fill find finish focus follow format forward gather generate get give go grant hand identify import include incorporate inform insert inspect install integrate introduce invite invoke issue join keep launch leave let link list load log look mail make mention message modify move navigate notify obey obtain offer open order output override paste pay perform place play post prepare present print proceed produce promote provide publish pull purchase push put query read recommend record redirect refer refund register remember remove rename render repeat replace reply report request reserve reset respond restart retrieve return reveal revise rewrite run save say schedule search select send set share show shut sign skip solve start state stop store submit subscribe suggest summarise summarize switch take tell text transfer translate transmit trigger try turn type uninstall unlock unsubscribe update upgrade upload use utilize verify view visit wait wipe wire withdraw write',
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
  urgency: 'immediately urgent urgently important now asap instantly promptly critical attention crucial vital emergency',
};

const table = new Map<number, number>();
for (const name of Object.keys(words) as (keyof typeof wordClass)[]) {
  for (const word of words[name].split(' ')) table.set(hashOf(word), (table.get(hashOf(word)) ?? 0) | wordClass[name]);
}

/** @param hash of the lower-case word. @returns its mask; 0 for a word that plays no part. */
export function classesOf(hash: number): number {
  return table.get(hash) ?? 0;
}
