/** A person at the console, for the demonstration: signs in by the link, looks at the card, votes on exactly what it shows. */
import type { Person } from '@countersign/demo';
import { signInByLink, type SignedInPerson } from '@countersign/console';

const patienceMs = 30_000;

interface Pending {
  readonly id: string;
  readonly tool: string;
}

export async function consolePerson(loginLink: string): Promise<Person> {
  const signedIn = await signInByLink(loginLink);
  return {
    decide: async ({ tool, argument }, answer) => {
      const card = await pendingCard(signedIn, tool, argument);
      const outcome = answer === 'approve' ? 'approved' : 'denied';
      const message = answer === 'approve' ? 'Checked with the customer.' : 'This order was not returned.';
      await signedIn.post(`/api/approvals/${encodeURIComponent(card.id)}/vote`, { outcome, message, displayDigest: card.displayDigest });
    },
  };
}

async function pendingCard(signedIn: SignedInPerson, tool: string, argument: string): Promise<{ id: string; displayDigest: string }> {
  const end = performance.now() + patienceMs;
  while (performance.now() < end) {
    const { pending } = (await signedIn.get('/api/approvals')) as { pending: readonly Pending[] };
    for (const { id } of pending.filter((one) => one.tool === tool)) {
      const card = (await signedIn.get(`/api/approvals/${encodeURIComponent(id)}`)) as { id: string; displayDigest: string; argumentsJson: string };
      if (card.argumentsJson.includes(argument)) return card;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no call of ${tool} with ${argument} came up for approval within ${patienceMs / 1000} s`);
}
