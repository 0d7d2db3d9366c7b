/** Risk and outcome, always as a shape and a word; colour only repeats them. */
import type { Severity, Tier, VerdictKind } from '@countersign/contracts';
import type { Outcome } from '../../src/shared/api.js';

type Shape = 'circle' | 'diamond' | 'triangle' | 'octagon' | 'check' | 'cross' | 'pause' | 'pen' | 'person' | 'clock' | 'dot' | 'gone';

const paths: Record<Shape, string> = {
  circle: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z',
  diamond: 'M8 1.8 14.2 8 8 14.2 1.8 8Z',
  triangle: 'M8 2 14.6 13.6H1.4Z',
  octagon: 'M5.4 1.6h5.2l3.8 3.8v5.2l-3.8 3.8H5.4L1.6 10.6V5.4Z',
  check: 'M2.5 8.6 6.2 12.2 13.5 4.2',
  cross: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  pause: 'M5 3v10M11 3v10',
  pen: 'M2.5 13.5l.8-3.4 7.6-7.6 2.6 2.6-7.6 7.6Z',
  person: 'M8 8.2a2.9 2.9 0 1 0 0-5.8 2.9 2.9 0 0 0 0 5.8ZM2.6 14c.5-3 2.6-4.4 5.4-4.4s4.9 1.4 5.4 4.4',
  clock: 'M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2ZM8 4.8V8l2.4 1.6',
  dot: 'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z',
  gone: 'M3 8h10',
};

export function Icon({ shape }: { readonly shape: Shape }) {
  return (
    <svg className={`icon icon-${shape}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[shape]} />
    </svg>
  );
}

function Mark({ tone, shape, word }: { readonly tone: string; readonly shape: Shape; readonly word: string }) {
  return (
    <span className={`mark tone-${tone}`}>
      <Icon shape={shape} />
      {word}
    </span>
  );
}

const tierShape: Record<Tier, Shape> = { low: 'circle', medium: 'diamond', high: 'triangle', critical: 'octagon' };

export function TierMark({ tier }: { readonly tier: Tier }) {
  return <Mark tone={tier} shape={tierShape[tier]} word={tier} />;
}

const verdictLook: Record<VerdictKind, readonly [string, Shape, string]> = {
  allow: ['good', 'check', 'allowed'],
  deny: ['bad', 'cross', 'denied'],
  modify: ['warn', 'pen', 'modified'],
  step_up: ['ask', 'person', 'asked a person'],
  defer: ['warn', 'pause', 'deferred'],
};

export function VerdictMark({ kind }: { readonly kind: VerdictKind }) {
  const [tone, shape, word] = verdictLook[kind];
  return <Mark tone={tone} shape={shape} word={word} />;
}

const severityLook: Record<Severity, readonly [string, Shape]> = {
  none: ['quiet', 'dot'],
  info: ['quiet', 'dot'],
  low: ['low', 'circle'],
  medium: ['medium', 'diamond'],
  high: ['high', 'triangle'],
  critical: ['critical', 'octagon'],
};

export function SeverityMark({ severity }: { readonly severity: Severity }) {
  const [tone, shape] = severityLook[severity];
  return <Mark tone={tone} shape={shape} word={severity} />;
}

const outcomeLook: Record<Outcome['word'], readonly [string, Shape, string]> = {
  waiting: ['ask', 'clock', 'waiting'],
  approved: ['good', 'pen', 'approved'],
  sent: ['good', 'check', 'approved, sent'],
  'not-executed': ['warn', 'gone', 'approved, not executed'],
  denied: ['bad', 'cross', 'denied'],
  expired: ['quiet', 'clock', 'expired'],
  withdrawn: ['quiet', 'gone', 'withdrawn'],
};

export function OutcomeMark({ word }: Pick<Outcome, 'word'>) {
  const [tone, shape, text] = outcomeLook[word];
  return <Mark tone={tone} shape={shape} word={text} />;
}

export function PlainMark({ tone, shape, word }: { readonly tone: 'good' | 'bad' | 'warn' | 'ask' | 'quiet'; readonly shape: Shape; readonly word: string }) {
  return <Mark tone={tone} shape={shape} word={word} />;
}
