import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { AnswerToken, Origin, TokenText } from './frames.js';

/** What each origin means, for people. */
export const ORIGIN_NAMES: Readonly<Record<Origin, { readonly name: string; readonly meaning: string }>> = {
  accepted: { name: 'accepted', meaning: 'Drafted, and the target agreed.' },
  escalated: { name: 'escalated', meaning: 'Written by the draft model before the target took over, and kept by it.' },
  bonus: { name: 'bonus', meaning: 'The target’s own, behind a draft that it accepted whole.' },
  recovered: { name: 'recovered', meaning: 'The target’s own, in place of a draft token that it rejected.' },
  plain: { name: 'plain', meaning: 'Written without a draft.' },
};

interface Props {
  readonly token: AnswerToken;
  readonly anchor: () => HTMLElement | undefined;
  /** It was chosen by key or press, so screen readers hear of it. */
  readonly held: boolean;
}

/** What both models thought of a token. */
export function TokenCard({ token, anchor, held }: Props) {
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => place(card.current!, anchor()));
  useEffect(() => {
    const follow = () => place(card.current!, anchor());
    addEventListener('scroll', follow, { capture: true, passive: true });
    return () => removeEventListener('scroll', follow, { capture: true });
  });
  const { origin, target, draft, rejected, top } = token;
  const { name, meaning } = ORIGIN_NAMES[origin];
  const others = top.filter(({ id }) => id !== token.id && id !== rejected?.id);
  return (
    <div ref={card} class="token-card" role={held ? 'status' : undefined}>
      <p class="token-card-head">
        <Piece token={token} />
        <span class={`origin ${origin}`}>{name}</span>
      </p>
      <p class="soft">{meaning}</p>
      <dl>
        <Row name="Target" probability={target} />
        {draft !== undefined && <Row name="Draft" probability={draft} />}
      </dl>
      {rejected !== undefined && (
        <>
          <p class="token-card-part">
            Rejected: <Piece token={rejected} />
          </p>
          <dl>
            <Row name="Target" probability={rejected.target} />
            <Row name="Draft" probability={rejected.draft} />
          </dl>
        </>
      )}
      {others.length > 0 && (
        <p class="soft token-card-part">
          Also likely:{' '}
          {others.map((other) => (
            <span key={other.id} class="also">
              <Piece token={other} /> {percent(other.target)}{' '}
            </span>
          ))}
        </p>
      )}
    </div>
  );
}

function Row({ name, probability }: { readonly name: string; readonly probability: number | undefined }) {
  return (
    <div class="chance">
      <dt>{name}</dt>
      <dd>
        <meter min={0} max={1} value={probability ?? 0} aria-hidden="true" />
        <span>{probability === undefined ? 'less' : percent(probability)}</span>
      </dd>
    </div>
  );
}

/** A token's text with what cannot be seen made visible. */
export function Piece({ token: { text, bytes } }: { readonly token: TokenText }) {
  return <code class="piece">{bytes === undefined ? visible(text) : `bytes ${bytes}`}</code>;
}

const VISIBLE: Readonly<Record<string, string>> = { ' ': '·', '\n': '↵', '\t': '⇥', '\r': '␍' };

function visible(text: string): string {
  return text === '' ? '∅' : text.replace(/[ \n\t\r]/g, (space) => VISIBLE[space]!);
}

/** Enough digits to tell sure from nearly sure. */
export function percent(probability: number): string {
  if (probability > 0 && probability < 0.0001) return '< 0.01 %';
  return `${(probability * 100).toFixed(probability > 0.1 && probability < 0.995 ? 0 : 2)} %`;
}

/** Space between a token and its card, and between card and window, in pixels. */
const GAP = 6;

/** Below the token, or above it where there is no room. */
function place(card: HTMLElement, anchor: HTMLElement | undefined): void {
  if (anchor === undefined) return;
  const token = anchor.getClientRects()[0] ?? anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = card;
  const left = Math.max(GAP, Math.min(token.left, innerWidth - width - GAP));
  const below = token.bottom + GAP;
  const top = below + height + GAP <= innerHeight ? below : Math.max(GAP, token.top - height - GAP);
  card.style.left = `${left}px`;
  card.style.top = `${top}px`;
}
