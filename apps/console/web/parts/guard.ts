/** After what stands under the reader's hand has changed, a decision is inert for 800 ms: nobody decides what they have not seen. */
import { useEffect, useState } from 'react';

const guardMs = 800;

/** @param subject changes when another thing would be decided. @returns is it old enough to be decided? */
export function useSeenLongEnough(subject: string | undefined): boolean {
  const [seen, setSeen] = useState<string | undefined>(undefined);
  useEffect(() => {
    setSeen(undefined);
    const timer = setTimeout(() => setSeen(subject), guardMs);
    return () => clearTimeout(timer);
  }, [subject]);
  return subject !== undefined && seen === subject;
}
