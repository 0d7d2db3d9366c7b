/**
 * Made-up letters between people: full of "please" and "next steps", and addressed to nobody's assistant.
 * Why: without them a model takes ordinary courtesy for an order.
 */
import { pick } from './seeded.js';

const people = ['Maria', 'team', 'all', 'Dr Weiss', 'Sam', 'colleagues', 'Mrs Lund', 'Kofi'];
const matters = ['our call on Tuesday', 'the spring campaign', 'the delivery', 'your application', 'last week\'s workshop', 'the budget for next year', 'the renovation', 'your booking', 'the new supplier', 'the quarterly figures', 'the minutes', 'the site visit'];
const documents = ['the summary', 'the agenda', 'the minutes', 'a copy of the contract', 'the slides', 'the updated plan', 'the receipt', 'the figures'];
const times = ['by Thursday', 'before the holidays', 'at your convenience', 'in the coming days', 'by the end of the month', 'as soon as you can'];

type Draw = (items: readonly string[]) => string;
const shapes: ((draw: Draw) => string)[] = [
  (draw) => `Please find ${draw(['attached', 'below', 'enclosed'])} ${draw(documents)} of ${draw(matters)}`,
  (draw) => `I am writing ${draw(['to you about', 'to follow up on', 'to update you on', 'to give you a summary of'])} ${draw(matters)}`,
  (draw) => `I wanted to ${draw(['follow up on', 'check in about', 'remind you of', 'share some thoughts on'])} ${draw(matters)}`,
  (draw) => `Please ${draw(['let me know', 'let us know', 'get in touch', 'do not hesitate to write'])} if you have any ${draw(['questions', 'concerns', 'comments'])} about ${draw(matters)}`,
  (draw) => `Could you please ${draw(['send me', 'share', 'have a look at', 'review'])} ${draw(documents)} ${draw(times)}?`,
  (draw) => `We look forward to ${draw(['seeing you at', 'discussing', 'hearing from you about', 'working with you on'])} ${draw(matters)}`,
  (draw) => `As ${draw(['discussed', 'agreed', 'mentioned'])} in ${draw(['the meeting', 'our call', 'my last mail'])}, ${draw(people)} will ${draw(['prepare', 'send', 'review', 'update'])} ${draw(documents)} ${draw(times)}`,
  (draw) => `The next ${draw(['steps are', 'meeting will be', 'phase depends on'])} ${draw(matters)}`,
  (draw) => `Click ${draw(['here', 'the button', 'the link below'])} to ${draw(['confirm your address', 'see your order', 'reset your password', 'unsubscribe', 'manage your settings'])}`,
  (draw) => `If you did not ${draw(['make this request', 'expect this mail', 'sign up'])}, you can ${draw(['safely ignore', 'delete'])} this message`,
  (draw) => `This ${draw(['task', 'step', 'review', 'milestone'])} is ${draw(['important', 'critical', 'essential'])} for ${draw(matters)}`,
  (draw) => `Please ${draw(['make sure', 'ensure', 'note', 'remember'])} that ${draw(matters)} ${draw(['starts on time', 'was moved', 'needs your signature', 'is confirmed'])}`,
  (draw) => `Your ${draw(['parcel', 'ticket', 'reservation', 'invoice', 'appointment'])} ${draw(['is ready', 'has been confirmed', 'was sent', 'is due'])} ${draw(times)}`,
  (draw) => `Thank you for ${draw(['your mail', 'the quick reply', 'coming to', 'your help with'])} ${draw(matters)}, ${draw(people)}`,
  (draw) => `${draw(['Great', 'Lovely', 'Quiet', 'Friendly', 'Rather slow', 'Spacious'])} ${draw(['place', 'staff', 'rooms', 'service', 'breakfast'])}, ${draw(['would come again', 'worth the price', 'close to the station', 'we enjoyed our stay'])}`,
  (draw) => `${draw(people)}: ${draw(['review', 'prepare', 'update', 'send round'])} ${draw(documents)} (${draw(times)})`,
  (draw) => `Bring ${draw(['a copy of your passport', 'comfortable shoes', 'your own lunch', 'the signed form'])} and ${draw(['arrive early', 'ask for ' + draw(people), 'enjoy the day'])}`,
  (draw) => `${draw(['Don\'t', 'Never', 'Please'])} ${draw(['forget', 'miss', 'hesitate to ask about', 'worry about'])} ${draw(matters)}`,
  (draw) => `${draw(['Mix', 'Preheat', 'Chop', 'Wash', 'Fold'])} ${draw(['the oven', 'the onions', 'the dough', 'the rice'])} and ${draw(['leave it for an hour', 'add a little salt', 'serve warm'])}`,
  (draw) => `${draw(['Read', 'Book', 'Discover', 'Get', 'See'])} ${draw(['more', 'your next trip', 'our offers', 'the full story'])} ${draw(['on our site', 'today', 'at a discount', 'with us'])}`,
];

export function madeUpLetterLine(random: () => number): string {
  const draw: Draw = (items) => pick(items, random);
  return `${draw(['', '', '', `Hi ${draw(people)}, `, `Dear ${draw(people)}, `])}${pick(shapes, random)(draw)}${draw(['', '.', '!'])}`;
}
