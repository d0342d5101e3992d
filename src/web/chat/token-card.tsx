import { Chance, LookCard, Piece, percent } from '../look-card.js';
import type { AnswerToken } from './frames.js';

/** What each origin means, for people. */
export const ORIGIN_NAMES: Readonly<
  Record<AnswerToken['origin'], { readonly name: string; readonly meaning: string }>
> = {
  accepted: { name: 'accepted', meaning: 'Drafted, and the target agreed.' },
  escalated: { name: 'escalated', meaning: 'Written by the draft model before the target took over, and kept by it.' },
  bonus: { name: 'bonus', meaning: 'The target’s own, behind a draft that it accepted whole.' },
  recovered: { name: 'recovered', meaning: 'The target’s own, in place of a draft token that it rejected.' },
  plain: { name: 'plain', meaning: 'Written without a draft.' },
  given: { name: 'given', meaning: 'Written by you, for the model to go on with.' },
};

interface Props {
  readonly token: AnswerToken;
  readonly anchor: () => HTMLElement | undefined;
  /** It was chosen by key or press. */
  readonly held: boolean;
}

/** What both models thought of a token. */
export function TokenCard({ token, anchor, held }: Props) {
  const { origin, target, draft, rejected, top } = token;
  const { name, meaning } = ORIGIN_NAMES[origin];
  const others = top.filter(({ id }) => id !== token.id && id !== rejected?.id);
  return (
    <LookCard anchor={anchor} held={held}>
      <p class="look-card-head">
        <Piece {...token} />
        <span class={`origin ${origin}`}>{name}</span>
      </p>
      <p class="soft">{meaning}</p>
      <dl>
        {target !== undefined && <Chance name="Target" probability={target} />}
        {draft !== undefined && <Chance name="Draft" probability={draft} />}
      </dl>
      {rejected !== undefined && (
        <>
          <p class="look-card-part">
            Rejected: <Piece {...rejected} />
          </p>
          <dl>
            <Chance name="Target" probability={rejected.target} />
            <Chance name="Draft" probability={rejected.draft} />
          </dl>
        </>
      )}
      {others.length > 0 && (
        <p class="soft look-card-part">
          Also likely:{' '}
          {others.map((other) => (
            <span key={other.id} class="also">
              <Piece {...other} /> {percent(other.target)}{' '}
            </span>
          ))}
        </p>
      )}
    </LookCard>
  );
}
