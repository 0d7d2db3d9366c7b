/**
 * Single-key commands. A key held down counts once, keys typed into a field are text, and combinations belong to the browser.
 */
import { useEffect, useRef } from 'react';

export type KeyCommands = Readonly<Record<string, (() => void) | undefined>>;

/** @param commands by `KeyboardEvent.key`, lower case. */
export function useKeys(commands: KeyCommands): void {
  const latest = useRef(commands);
  latest.current = commands;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
      const command = latest.current[event.key.toLowerCase()];
      if (!command) return;
      // On a control, Enter and Space are the control's.
      if (event.key === 'Enter' && event.target instanceof HTMLElement && event.target.closest('button, a, summary')) return;
      event.preventDefault();
      command();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable="true"], dialog') !== null;
}
