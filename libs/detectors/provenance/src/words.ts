/**
 * The English word lists behind tokens, verb groups and orders. General vocabulary only: a list that exists because of
 * one data set is a defect. Text in other languages falls through to the features that need no list.
 */
const list = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Words that carry grammar, not content; a clause with two of them reads as prose. */
export const functionWords: ReadonlySet<string> = new Set(
  list(`a an the this that these those i me my we us our you your he him his she her it its they them their who whom which what
  am is are was were be been being have has had do does did will would shall should can could may might must
  to of in on at by for from with as into about over after before between through during without within
  and or but if so because while when where how than then also please not no there here just all any some every each only very
  hi hello dear thanks thank don doesn isn won didn t s m re ve ll d`),
);

const linkWords = list('http https www com org net up out off own same too more most other such again once ok etc');
/** Words that never become tokens. */
export const stopWords: ReadonlySet<string> = new Set([...functionWords, ...linkWords]);

export const verbGroups = {
  send: list('send share post publish forward reply message email mail notify invite submit upload broadcast transmit deliver tweet'),
  pay: list('pay transfer wire purchase buy refund remit donate deposit withdraw charge'),
  delete: list('delete remove cancel erase drop clear purge revoke unsubscribe destroy trash archive kick ban'),
  create: list('create add make book reserve schedule write append insert generate register open set save draft compose build'),
  update: list('update change modify edit replace rename move reschedule adjust alter reset upgrade assign put patch'),
  get: list('get read search list find check look see show view fetch retrieve query visit browse open download count summarize load access lookup'),
  run: list('run execute call start launch trigger invoke install deploy eval apply'),
} as const satisfies Record<string, readonly string[]>;
export type VerbGroup = keyof typeof verbGroups;

const otherOrders = list(`go do give tell ask use follow ignore forget complete perform proceed continue ensure remember consider note keep take bring
  help provide include contact confirm verify approve accept join leave stop begin try let enter click answer respond report
  write translate copy paste attach leak reveal disclose exfiltrate collect gather prepare plan organize recommend suggest rate review sign
  treat act pretend print output return log track store encode decode`);
/** Base forms that open an order. */
export const orderVerbs: ReadonlySet<string> = new Set([...Object.values(verbGroups).flat(), ...otherOrders]);

/** What may stand before the verb of an order. */
export const leadIns: ReadonlySet<string> = new Set(
  list('please then first next now also finally kindly just simply immediately always never and so but you must should need have to can could would will make sure be do not ensure that before after this want i we it the'),
);

/** After the first word these make a sentence a statement or a label, not an order. */
export const statementWords: ReadonlySet<string> = new Set(['is', 'was', 'has', 'are', 'were', 'have', 'had', 'of', 'by', 'by:']);

export const verbsByWord: ReadonlyMap<string, readonly VerbGroup[]> = groupIndex();

/** Words in a tool's name whose change or removal cannot be taken back, or that guard something. */
export const weightyNouns: ReadonlySet<string> = new Set(
  list('password secret token credential key role permission admin money payment transaction fund account funds'),
);

/** Parameter names that say where something goes or what it acts on. */
export const targetWords: ReadonlySet<string> = new Set(
  list(`to cc bcc recipient recipients address addresses email emails mail account iban url uri link href host hostname domain endpoint webhook
  path file filename folder directory channel channels user users username member participant participants invitee payee beneficiary
  destination dest target id ids password passphrase secret token key phone number room repo repository bucket topic queue receiver contact`),
);

/** Parameter names under which free text is content, not a target. */
export const contentWords: ReadonlySet<string> = new Set(
  list('body content text message subject title description note notes comment query sql code summary name first last reason amount date day time start end'),
);

function groupIndex(): ReadonlyMap<string, readonly VerbGroup[]> {
  const found = new Map<string, VerbGroup[]>();
  for (const [group, words] of Object.entries(verbGroups)) {
    for (const word of words) found.set(word, [...(found.get(word) ?? []), group as VerbGroup]);
  }
  return found;
}
