/** Starts the page. A sign-in link is used here, once, before anything is drawn: effects may run twice, a link may not. */
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { hasKey, signIn } from './ask.js';

async function useLink(): Promise<string | undefined> {
  if (location.pathname !== '/login') return undefined;
  const token = location.hash.slice(1);
  history.replaceState(null, '', token === '' ? '/login' : '/approvals');
  if (token === '') return undefined;
  try {
    await signIn(token);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'The sign-in did not work.';
  }
}

const root = document.getElementById('root');
if (root) {
  const problem = await useLink();
  createRoot(root).render(<App startsSignedIn={hasKey() && problem === undefined} problem={problem} />);
}
