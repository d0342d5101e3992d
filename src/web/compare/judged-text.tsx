import { useLook } from '../look.js';
import { Chance, LookCard, Piece, percent } from '../look-card.js';
import type { JudgedToken } from './messages.js';

interface Props {
  readonly tokens: readonly JudgedToken[];
  /** The token in which the two texts part. */
  readonly parting: number | undefined;
}

/** The draft model's answer, each token coloured by what the target thinks of it. */
export function JudgedText({ tokens, parting }: Props) {
  const { box, look, anchor, listeners } = useLook(tokens.length, (index) => tokens[index]?.text === '');
  const token = look && tokens[look.index];
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a stretch of text is no fieldset */}
      <div
        ref={box}
        class="tokens"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys go from token to token
        tabIndex={0}
        role="group"
        aria-label="Answer by tokens; the arrow keys go from token to token"
        {...listeners}
      >
        {tokens.map(({ text, accepted }, index) => (
          <>
            {index === parting && <Parting />}
            {text !== '' && (
              <span key={index} class={`token ${accepted ? 'accepted' : 'refused'}`} data-piece={index}>
                {text}
              </span>
            )}
          </>
        ))}
      </div>
      {token && look && <JudgedCard token={token} anchor={anchor} held={look.held} />}
    </>
  );
}

/** Where the two texts part. */
export function Parting() {
  return (
    <span class="parting">
      <span class="unseen"> From here the two answers differ: </span>
    </span>
  );
}

interface CardProps {
  readonly token: JudgedToken;
  readonly anchor: () => HTMLElement | undefined;
  readonly held: boolean;
}

function JudgedCard({ token: { text, accepted, acceptance, target, draft, wanted }, anchor, held }: CardProps) {
  return (
    <LookCard anchor={anchor} held={held}>
      <p class="look-card-head">
        <Piece text={text} />
        <span class={`origin ${accepted ? 'accepted' : 'refused'}`}>{accepted ? 'accepted' : 'rejected'}</span>
      </p>
      <p class="soft">The target accepts it with a chance of {percent(acceptance)}.</p>
      <dl>
        <Chance name="Target" probability={target} />
        {draft !== null && <Chance name="Draft" probability={draft} />}
      </dl>
      {wanted !== null && (
        <p class="look-card-part">
          The target’s likeliest: <Piece text={wanted} />
        </p>
      )}
    </LookCard>
  );
}
