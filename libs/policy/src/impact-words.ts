/**
 * The words by which a tool's impact is guessed. General English of interfaces, no product's or benchmark's vocabulary.
 * A word stands in one verb list only; `impact.ts` says how the lists are used.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

export const readVerbs = words(
  'get read list search find fetch query show view lookup check count describe inspect browse download retrieve load open stat tree status compare diff validate verify calculate compute convert summarize summarise analyze analyse explain preview watch scan recall filter navigate resolve test ping estimate parse extract select peek tail head cat ls grep echo return returns provide display monitor detect measure translate rank recommend suggest screenshot snapshot crawl scrape visit think wait identify format evaluate multiply divide sum classify discover trace profile',
);
export const writeVerbs = words(
  'create add write update edit modify set put insert append move rename copy make mkdir save store change replace patch upsert register assign attach link tag label mark enable disable start stop pause resume book reserve schedule reschedule import sync configure generate draft close reopen merge commit checkout archive star follow subscribe remember log click type press select_option fill drag hover mutate apply init build install increment approve reject accept decline',
);
export const egressVerbs = words('send post share publish email mail reply forward invite notify message tweet upload submit broadcast call dial push export announce webhook request comment');
export const irreversibleVerbs = words(
  'delete remove drop purge destroy erase truncate wipe clear cancel pay transfer purchase buy order wire refund withdraw deposit charge donate revoke terminate kill uninstall reset unlink rm rmdir rmtree overwrite shred deactivate ban execute exec run eval shell deploy rollback sell trade mint burn',
);

/** "Run a search" says nothing of the search: in front of a tool that reads by name, these describe how, not what. */
export const runVerbs = words('run execute perform');

/** A name that says only that something is done: the first sentence is then searched to its end for what. */
export const vagueVerbs = words('manage handle process perform control operate administer');

/** Where a question goes to strangers who answer anything: the question itself then carries data out. */
export const openQuestion = /\b(web|bing|duckduckgo|baidu|internet|online|news|google (web|search|images?|news))\b/i;
export const questionParameter = /^(q|query|queries|keywords?|search_?(query|term|text)s?|question|term)$/i;

/** A read that puts its answer into a file of the caller's choosing writes. */
export const outputParameter = /^(save|out|output|dest|destination|dump|export|download)_?(path|dir|directory|file|folder|file_?(name|path))$/i;

/** In the name of a tool that does not read, these make it irreversible: access and money do not come back. */
export const graveNouns = words('password passwd passphrase secret credential credentials apikey permission permissions privilege role roles security acl admin sudo money payment payments payout transaction transactions funds balance salary iban wallet invoice');

/** In the name or first sentence of a tool, these say that strangers may have written what it returns. */
export const openWords = words(
  'web webpage page pages url urls site website internet http https html browser browse crawl scrape fetch search news feed rss mail mails email emails inbox message messages chat channel slack thread ticket tickets issue issues comment comments review reviews post posts tweet tweets file files document documents doc docs note notes memory memories entity entities graph observation observations row rows record records table database db sql query customer customers calendar event events wiki repository repo commit pull attachment attachments drive folder transaction transactions contact contacts profile resource content contents',
);

export const urlParameter = /^(url|uri|urls|uris|link|links|href|host|hostname|domain|endpoint|webhook|website|site|callback|origin|server_?url|base_?url)$|(_|-)(url|uri|link|href|host|hostname|endpoint|webhook)s?$|[a-z](Url|Uri|URL|URI|Link|Href|Host|Hostname|Endpoint|Webhook)s?$/;
export const recipientParameter = /^(to|cc|bcc|recipients?|receivers?|addressees?|emails?|mails?|phones?|phone_?numbers?|participants?|attendees?|invitees?|channels?|channel_?ids?|user_?emails?|email_?address(es)?)$|(_|-)(recipients?|emails?|channels?|attendees?|participants?)$|[a-z](Recipients?|Emails?|Channels?|Attendees?|Participants?)$/;
/** Code or statements as a parameter: a "run" of them can do anything. */
export const codeParameter = /^(command|cmd|script|sql|statement|expression|program|shell)s?$/i;
