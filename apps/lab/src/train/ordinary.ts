/**
 * Made-up ordinary texts that give advice, ask and invite, and are addressed to whoever reads them: answers on forums, manuals, recipes,
 * tickets, changelogs, advertisements, reviews, chats, plans, titles of things.
 * Why: they are full of imperatives and of "you", and no agent should act on any of them; a model that never saw them raises the alarm on half of the web.
 */
import { pick } from './seeded.js';

const parts = ['the method', 'your list', 'the loop', 'an index', 'the class', 'the connection', 'the header', 'the variable', 'this option', 'the default value', 'the module', 'the wrapper', 'the column', 'your query'];
const acts = ['call', 'define', 'pass', 'convert', 'set', 'replace', 'import', 'check', 'rename', 'close', 'reset', 'use', 'remove', 'create', 'update', 'run'];
const reasons = ['otherwise it raises an error', 'because it is evaluated twice', 'so that it is only read once', 'since it returns a copy', 'which is slower', 'and that is all'];
const goods = ['flights', 'car hire', 'shoes', 'our autumn range', 'your first order', 'hotel nights', 'garden tools', 'books', 'memberships'];
const kitchens = ['the onions', 'the dough', 'two eggs', 'the sauce', 'the noodles', 'the butter', 'a pinch of salt', 'the pan'];
const topics = ['the release', 'the venue', 'the menu', 'onboarding', 'the migration', 'the newsletter', 'next season', 'the survey', 'the audit', 'our website', 'the garden', 'the training'];
const people = ['Lena', 'Omar', 'the design team', 'Chen', 'Ruth', 'marketing', 'Ivo', 'Grace', 'the vendor'];
const times = ['on Monday', 'next week', 'at 9:30', 'this weekend', 'by Friday', 'in the afternoon', 'before lunch', 'on 12 May'];
const places = ['the harbour', 'the old town', 'the museum', 'the lake', 'room 12', 'the canteen', 'the station', 'the rooftop'];
const works = ['Autumn', 'the River', 'Home', 'a Stranger', 'the Morning', 'Nobody', 'the City', 'Tomorrow'];

type Draw = (items: readonly string[]) => string;
const kinds: readonly (readonly ((draw: Draw) => string)[])[] = [
  [
    (draw) => `${draw(['If you want to', 'When you', 'Before you', 'In order to', 'To'])} ${draw(acts)} ${draw(parts)}, you ${draw(['need to', 'have to', 'should', 'can', 'must'])} ${draw(acts)} ${draw(parts)} ${draw(['first', 'again', 'explicitly', 'yourself'])}`,
    (draw) => `You ${draw(['need to', 'should', 'must', 'have to', 'may want to', 'just have to'])} ${draw(acts)} ${draw(parts)} ${draw(['with', 'in', 'from', 'before'])} ${draw(parts)}, ${draw(reasons)}`,
    (draw) => `${draw(['Then', 'Finally', 'Now', 'After that', 'Instead', 'Alternatively'])}, ${draw(['you can', 'you would', 'simply', 'it is enough to'])} ${draw(acts)} ${draw(parts)}`,
    (draw) => `${draw(acts).replace(/^./, (first) => first.toUpperCase())} ${draw(parts)} ${draw(['to', 'with', 'inside', 'on top of'])} ${draw(parts)}: ${draw(reasons)}`,
    (draw) => `What you ${draw(['need', 'want', 'have'])} to do is ${draw(acts)} ${draw(parts)}`,
    (draw) => `This ${draw(['looks like a bug', 'happens', 'fails', 'is expected'])}: ${draw(['it should', 'you should', 'it must not'])} ${draw(acts)} ${draw(parts)} ${draw(['silently', 'twice', 'at all'])}`,
    (draw) => `Here is ${draw(['how to', 'what happens when you', 'the way to'])} ${draw(acts)} ${draw(parts)}:`,
  ],
  [
    (draw) => `${draw(['Fixed', 'Added', 'Removed', 'Changed', 'Deprecated'])} ${draw(parts)} when ${draw(parts)} ${draw(['was empty', 'is missing', 'changed', 'had been closed'])}`,
    (draw) => `${draw(['Fix', 'Add', 'Remove', 'Support', 'Allow', 'Drop', 'Update'])} ${draw(parts)} ${draw(['for', 'in', 'on'])} ${draw(['older versions', 'the command line', 'large files', 'nested calls'])} (#${draw(['12', '407', '1093'])})`,
    (draw) => `- [${draw([' ', 'x'])}] ${draw(['Review', 'Prepare', 'Order', 'Draft', 'Confirm', 'Clean up', 'Discuss', 'Finalize'])} ${draw(topics)}`,
    (draw) => `${draw(people)}: ${draw(['finish', 'present', 'collect feedback on', 'look into', 'book'])} ${draw(topics)} ${draw(times)}`,
    (draw) => `${draw(['Steps to reproduce', 'Expected', 'Actual', 'Action items', 'Goal', 'Objective', 'Description'])}: ${draw(['to improve', 'open', 'discuss', 'understand', 'provide an overview of'])} ${draw(topics)}`,
    (draw) => `${draw(['Implement', 'Analyze', 'Develop', 'Explore', 'Establish', 'Improve', 'Increase', 'Encourage'])} ${draw(['a new approach to', 'ways to improve', 'better tools for', 'the quality of'])} ${draw(topics)}`,
  ],
  [
    (draw) => `${draw(['Save', 'Get', 'Enjoy'])} ${draw(['up to 20 %', '$15 off', 'a free upgrade', 'double points'])} on ${draw(goods)} ${draw(['when you book with us', 'today', 'this weekend only', 'with your card'])}`,
    (draw) => `${draw(['Discover', 'Explore', 'Shop', 'Browse', 'Find', 'Compare'])} ${draw(goods)} ${draw(['and more', 'near you', 'at the best price', 'now'])}`,
    (draw) => `${draw(['Sign up', 'Join us', 'Follow us', 'Subscribe', 'Log in', 'Share this story'])} ${draw(['to read on', 'for more', 'and never miss an offer', 'on our channel', 'to see comments'])}`,
    (draw) => `Don't miss ${draw(['this chance', 'our sale', 'the opening', 'the last tickets'])} ${draw(['to meet', 'for', 'with'])} ${draw([...people, ...goods])}`,
    (draw) => `Click ${draw(['here', 'on this link', 'below'])} to ${draw(['reset your password', 'verify your address', 'see who viewed you', 'accept the invitation', 'track your parcel'])}`,
    (draw) => `Your ${draw(['security code', 'verification code', 'order number', 'booking reference'])} is ${draw(['483 920', '7731', 'KX92'])}${draw(['', '. Do not share it with anyone', '. It expires in 10 minutes'])}`,
    (draw) => `If you did not ${draw(['ask for this', 'request a change', 'sign in'])}, ${draw(['please ignore this email', 'change your password', 'contact support', 'you can delete this message'])}`,
  ],
  [
    (draw) => `${draw(['Chop', 'Stir', 'Heat', 'Add', 'Mix', 'Remove', 'Serve', 'Keep', 'Cook', 'Drain', 'Preheat', 'Whisk', 'Combine'])} ${draw(kitchens)} ${draw(['over a low heat', 'until golden', 'for 10 minutes', 'with the rest', 'and set aside', 'in a large bowl'])}`,
    (draw) => `${draw(['Visit', 'Walk to', 'See', 'Tour', 'Lunch at', 'Depart from', 'Meet at', 'Take the ferry to'])} ${draw(places)} ${draw(times)}`,
    (draw) => `${draw(['Bring', 'Wear', 'Pack'])} ${draw(['water', 'sunscreen', 'good shoes', 'an umbrella', 'your badge'])}${draw(['', ' and arrive early', ', it can get cold'])}`,
    (draw) => `${draw(['You must see', 'Make sure to try', 'I would recommend', 'Go there for', 'Do not expect'])} ${draw(['the view', 'the breakfast', 'the fish', 'a quiet room', 'quick service'])}, ${draw(['it was great', 'the staff were kind', 'we loved it', 'especially at night'])}`,
    (draw) => `${draw(['Turn left at', 'Follow the signs to', 'Get off at', 'Cross'])} ${draw(places)}${draw(['', ' and walk for five minutes'])}`,
  ],
  [
    (draw) => `${draw(['Are you', 'Is anyone', 'Will you be'])} ${draw(['up for a hike', 'free', 'joining us', 'coming to the party'])} ${draw(times)}?`,
    (draw) => `${draw(['Could you', 'Can you', 'Would you mind', 'Please'])} ${draw(['send me', 'share', 'forward', 'bring', 'have a look at', 'confirm'])} ${draw(['the address', 'the slides', 'your notes', 'the date', 'the final numbers'])} ${draw(['when you get a chance', 'if possible', times[0] ?? '', 'thanks', 'so I can plan'])}`,
    (draw) => `${draw(['What time', 'Where', 'When'])} ${draw(['should we meet', 'is the meeting', 'do we leave', 'are you arriving'])} ${draw(times)}?`,
    (draw) => `${draw(['I', 'We'])} ${draw(['will', 'have to', 'should', 'need to', 'want to', 'are going to'])} ${draw(['discuss', 'send', 'move', 'finish', 'cancel', 'book'])} ${draw(topics)} ${draw(times)}`,
    (draw) => `${draw(people)} ${draw(['asked me to', 'wants us to', 'agreed to', 'forgot to', 'will'])} ${draw(['send', 'update', 'review', 'pay for', 'delete', 'print'])} ${draw(topics)}`,
    (draw) => `Let ${draw(['me', 'us'])} know ${draw(['if that works', 'what you think', 'your availability', 'whether to order'])} ${draw(['', times[1] ?? ''])}`,
    (draw) => `${draw(['Reminder', 'Note', 'Heads up', 'FYI'])}: ${draw(topics)} ${draw(['starts', 'is due', 'moved to', 'was cancelled'])} ${draw(times)}`,
    (draw) => `We are ${draw(['waiting for your reply', 'looking forward to your visit', 'closed', 'happy to help'])} ${draw(times)}`,
  ],
  [
    (draw) => `${draw(['Let Me', 'Tell', 'Call', 'Take', 'Show', 'Find', 'Send'])} ${draw(['Me to', 'It to', 'Him About', 'Away', 'You'])} ${draw(works)}`,
    (draw) => `${draw(['How to', 'When You Are', 'Before You', 'Never'])} ${draw(['Leave', 'Love', 'Forget', 'Find', 'Meet'])} ${draw(works)}`,
    (draw) => `${draw(['Transfer', 'Payment', 'Refund', 'Wire payment', 'Purchase', 'Order', 'Gift'])} ${draw(['to', 'of $45.00 to', 'from', 'for'])} ${draw([...people, ...topics])}`,
    (draw) => `${draw(['Team', 'Client', 'Project', 'Budget', 'Annual'])} ${draw(['update', 'review', 'check', 'report', 'request', 'change'])} for ${draw(topics)}`,
  ],
];

export function madeUpOrdinary(random: () => number): string {
  const draw: Draw = (items) => pick(items, random);
  return `${pick(pick(kinds, random), random)(draw).trim()}${draw(['', '', '.', '!'])}`;
}
