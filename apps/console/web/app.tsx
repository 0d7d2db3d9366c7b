/** The frame: who is signed in, what is live, and one page at a time. */
import { useEffect, useState, type ReactNode } from 'react';
import { forgetKey, hasKey, onSignedOut } from './ask.js';
import { startNews } from './news.js';
import { AgentsPage } from './pages/agents.js';
import { ApprovalsPage } from './pages/approvals.js';
import { PolicyPage } from './pages/policy.js';
import { QuarantinePage } from './pages/quarantine.js';
import { SessionsPage } from './pages/sessions.js';
import { SignInPage } from './pages/sign-in.js';
import { ToolsPage } from './pages/tools.js';
import { Announcer } from './parts/announcer.js';
import { Header } from './parts/header.js';
import { useRoute, type Page } from './route.js';

const pageOf: Record<Page, (open: string | undefined) => ReactNode> = {
  approvals: (open) => <ApprovalsPage open={open} />,
  sessions: (open) => <SessionsPage open={open} />,
  agents: () => <AgentsPage />,
  tools: () => <ToolsPage />,
  quarantine: () => <QuarantinePage />,
  policy: () => <PolicyPage />,
};

export function App({ startsSignedIn, problem }: { readonly startsSignedIn: boolean; readonly problem: string | undefined }) {
  const [isSignedIn, setSignedIn] = useState(startsSignedIn);
  const { page, open } = useRoute();
  useEffect(() => {
    // Another tab's sign-out removes the key from the storage both share.
    const noticed = (event: StorageEvent) => event.key !== null && !hasKey() && forgetKey();
    window.addEventListener('storage', noticed);
    const forget = onSignedOut(() => setSignedIn(false));
    return () => {
      window.removeEventListener('storage', noticed);
      forget();
    };
  }, []);
  useEffect(() => (isSignedIn ? startNews() : undefined), [isSignedIn]);
  if (!isSignedIn) return <SignInPage problem={problem} />;
  return (
    <Announcer>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Header page={page} />
      <main id="main" tabIndex={-1}>
        {pageOf[page](open)}
      </main>
    </Announcer>
  );
}
