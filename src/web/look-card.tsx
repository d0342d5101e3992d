import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

interface Props {
  readonly anchor: () => HTMLElement | undefined;
  /** It was chosen by key or press, so screen readers hear of it. */
  readonly held: boolean;
  readonly children: ComponentChildren;
}

/** What is known of the piece that is looked at, beside it. */
export function LookCard({ anchor, held, children }: Props) {
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => place(card.current, anchor()));
  useEffect(() => {
    const follow = () => place(card.current, anchor());
    addEventListener('scroll', follow, { capture: true, passive: true });
    return () => removeEventListener('scroll', follow, { capture: true });
  });
  return (
    <div ref={card} class="look-card" role={held ? 'status' : undefined}>
      {children}
    </div>
  );
}

interface ChanceProps {
  readonly name: 'Target' | 'Draft';
  /** Undefined: below those that are known. */
  readonly probability: number | undefined;
}

export function Chance({ name, probability }: ChanceProps) {
  return (
    <div class="chance">
      <dt>{name}</dt>
      <dd>
        <span class={`bar-of ${name.toLowerCase()}`}>
          <span style={{ inlineSize: `${100 * (probability ?? 0)}%` }} />
        </span>
        <span>{probability === undefined ? 'less' : percent(probability)}</span>
      </dd>
    </div>
  );
}

/** A token's text with what cannot be seen made visible. */
export function Piece({ text, bytes }: { readonly text: string; readonly bytes?: string | undefined }) {
  return <code class="piece">{bytes === undefined ? visible(text) : `bytes ${bytes}`}</code>;
}

const VISIBLE: Readonly<Record<string, string>> = { ' ': '·', '\n': '↵', '\t': '⇥', '\r': '␍' };

function visible(text: string): string {
  return text === '' ? '∅' : text.replace(/[ \n\t\r]/g, (space) => VISIBLE[space]!);
}

/** Enough digits to tell sure from nearly sure. */
export function percent(probability: number): string {
  if (probability > 0 && probability < 0.0001) return '< 0.01 %';
  if (probability > 0.9999) return probability < 1 ? '> 99.99 %' : '100 %';
  return `${(probability * 100).toFixed(probability > 0.1 && probability < 0.995 ? 0 : 2)} %`;
}

/** Space between a piece and its card, and between card and window, in pixels. */
const GAP = 6;

/** Below the piece, or above it where there is no room. */
function place(card: HTMLElement | null, anchor: HTMLElement | undefined): void {
  if (card === null || anchor === undefined) return;
  const piece = anchor.getClientRects()[0] ?? anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = card;
  const left = Math.max(GAP, Math.min(piece.left, innerWidth - width - GAP));
  const below = piece.bottom + GAP;
  const top = below + height + GAP <= innerHeight ? below : Math.max(GAP, piece.top - height - GAP);
  card.style.left = `${left}px`;
  card.style.top = `${top}px`;
}
