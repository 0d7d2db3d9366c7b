/** Shown to whoever has no session: what to do, in one paragraph. */
export function SignInPage({ problem }: { readonly problem: string | undefined }) {
  return (
    <main className="sign-in">
      <div className="sheet">
        <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
          <path className="brand-first" d="M5 17.5l4.8 4.8L18 9.4" />
          <path className="brand-second" d="M13.6 20.2l2.1 2.1L26 9.4" />
        </svg>
        <h1>Countersign</h1>
        {problem === undefined ? null : (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <p>You are signed out. Run <code>countersign login</code> on this machine and open the link it prints. A link works once, within ten minutes.</p>
      </div>
    </main>
  );
}
