/**
 * Text that strangers wrote. It reaches the page as text nodes and nothing else; what cannot be seen is spelled out.
 */
import { Fragment } from 'react';
import { visibleText } from '../../src/shared/visible-text.js';

/** Raw text from traffic. */
export function Traffic({ text, charsMax }: { readonly text: string; readonly charsMax?: number }) {
  const isCut = charsMax !== undefined && text.length > charsMax;
  return (
    <bdi className="traffic">
      <Pieces text={isCut ? text.slice(0, charsMax) : text} />
      {isCut ? '…' : ''}
    </bdi>
  );
}

function Pieces({ text }: { readonly text: string }) {
  return visibleText(text).map((piece, index) => {
    if (piece.kind === 'escaped') return <Unseen key={index} point={piece.text} />;
    if (piece.kind === 'mixed') return <mark key={index} className="mixed" title="This word mixes letters of scripts that look alike.">{piece.text}<span className="mixed-note"> mixed letters</span></mark>;
    return <Fragment key={index}>{piece.text}</Fragment>;
  });
}

/** Text that `approval`'s card escaped already: `⟦U+202E⟧` is one unseen character. */
export function CardText({ text }: { readonly text: string }) {
  return (
    <bdi className="traffic">
      {text.split(/(⟦U\+[0-9A-F]{4,6}⟧)/).map((piece, index) => (index % 2 === 1 ? <Unseen key={index} point={piece.slice(1, -1)} /> : <Pieces key={index} text={piece} />))}
    </bdi>
  );
}

function Unseen({ point }: { readonly point: string }) {
  return (
    <span className="point" title="A character that cannot be seen">
      {point}
    </span>
  );
}
