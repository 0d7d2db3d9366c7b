/** Times, as the console's clock has them: a browser whose clock is off must not show a wrong deadline. */
import { useEffect, useState } from 'react';

let offsetMs = 0;

/** @param nowMs the console's clock in an answer just received. */
export function setClock(nowMs: number): void {
  offsetMs = nowMs - Date.now();
}

export function consoleNowMs(): number {
  return Date.now() + offsetMs;
}

/** Draws again each second. */
export function useNowMs(): number {
  const [nowMs, setNowMs] = useState(consoleNowMs);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(consoleNowMs()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

export function When({ atMs }: { readonly atMs: number }) {
  const at = new Date(atMs);
  const isToday = at.toDateString() === new Date(consoleNowMs()).toDateString();
  return <time dateTime={at.toISOString()} title={at.toISOString()}>{isToday ? clockFormat.format(at) : `${dayFormat.format(at)}, ${clockFormat.format(at)}`}</time>;
}

export function Countdown({ deadlineAtMs }: { readonly deadlineAtMs: number }) {
  const leftMs = deadlineAtMs - useNowMs();
  const isOver = leftMs <= 0;
  return (
    <span className={`countdown${!isOver && leftMs < 30_000 ? ' countdown-short' : ''}`} role="timer" aria-live="off">
      {isOver ? 'time is up' : minutesAndSeconds(leftMs)}
    </span>
  );
}

export function minutesAndSeconds(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const short = `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${short.padStart(5, '0')}` : short;
}

/** 840 µs, 12 ms, 1.4 s. */
export function span(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`;
  return ms < 1_000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
