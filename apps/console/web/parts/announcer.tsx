/** One polite live region for the page; each sentence is said once. */
import { createContext, useCallback, useContext, useState, type ReactNode } from 'react';

const Announce = createContext<(sentence: string) => void>(() => undefined);

export function Announcer({ children }: { readonly children: ReactNode }) {
  const [said, setSaid] = useState({ sentence: '', count: 0 });
  const announce = useCallback((sentence: string) => setSaid((before) => ({ sentence, count: before.count + 1 })), []);
  return (
    <Announce.Provider value={announce}>
      {children}
      <div className="unseen" role="status" aria-live="polite">
        {/* A new element makes the same sentence heard a second time. */}
        <span key={said.count}>{said.sentence}</span>
      </div>
    </Announce.Provider>
  );
}

export function useAnnounce(): (sentence: string) => void {
  return useContext(Announce);
}
