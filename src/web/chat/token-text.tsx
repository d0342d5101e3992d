/** An answer as its tokens, coloured by where each comes from; one of them can be looked at closely. */
import { Component, type TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { endsLine, type Segment } from './answer-fold.js';
import type { AnswerToken } from './frames.js';
import { TokenCard } from './token-card.js';

interface Props {
  readonly segments: readonly Segment[];
}

/** What is looked at: `held` until something else is, or only while the pointer is on it. */
interface Look {
  readonly index: number;
  readonly held: boolean;
}

export function TokenText({ segments }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [look, setLook] = useState<Look | undefined>(undefined);
  const token = look && tokenAt(segments, look.index);
  useEffect(() => markLooked(box.current, look?.index), [look?.index]);

  const onKeyDown = (event: KeyboardEvent) => {
    const index = look?.held ? look.index : undefined;
    const next = nextIndex(event.key, index, segments);
    if (next === undefined && !(event.key === 'Escape' && look !== undefined)) return;
    event.preventDefault();
    // Escape closes the card first; it would stop an answer otherwise.
    event.stopPropagation();
    setLook(next === undefined ? undefined : { index: next, held: true });
  };
  const leave = () => setLook((now) => (now?.held ? now : undefined));
  return (
    <div class="token-box">
      {/* biome-ignore lint/a11y/useSemanticElements: a stretch of text is no fieldset */}
      <div
        ref={box}
        class="tokens"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys go from token to token
        tabIndex={0}
        role="group"
        aria-label="Answer by tokens; the arrow keys go from token to token"
        onPointerOver={(event) => event.pointerType === 'mouse' && setLook((now) => hovered(now, indexOf(event)))}
        onPointerLeave={leave}
        onClick={(event) => setLook((now) => pressed(now, indexOf(event)))}
        onKeyDown={onKeyDown}
        onBlur={() => setLook(undefined)}
      >
        {segments.map((segment, index) => (
          <TokenSegment key={index} segment={segment} length={segment.tokens.length} />
        ))}
      </div>
      {token && look && <TokenCard token={token} anchor={() => elementAt(box.current, look.index)} held={look.held} />}
    </div>
  );
}

function hovered(now: Look | undefined, index: number | undefined): Look | undefined {
  if (now?.held) return now;
  return index === undefined ? undefined : { index, held: false };
}

function pressed(now: Look | undefined, index: number | undefined): Look | undefined {
  if (index === undefined || (now?.held && now.index === index)) return undefined;
  return { index, held: true };
}

interface SegmentProps {
  readonly segment: Segment;
  /** The segment grows in place: this says that it did. */
  readonly length: number;
}

class TokenSegment extends Component<SegmentProps> {
  override shouldComponentUpdate({ segment, length }: SegmentProps): boolean {
    return segment !== this.props.segment || length !== this.props.length;
  }

  override render({ segment }: SegmentProps) {
    return (
      <span class={endsLine(segment) ? 'segment lines' : 'segment'}>
        {segment.tokens.map(
          ({ text, origin }, index) =>
            text !== '' && (
              <span key={index} class={`token ${origin}`} data-token={segment.first + index}>
                {text}
              </span>
            ),
        )}
      </span>
    );
  }
}

function tokenAt(segments: readonly Segment[], index: number): AnswerToken | undefined {
  const segment = segments.findLast(({ first }) => first <= index);
  return segment?.tokens[index - segment.first];
}

/** The token that a key goes to from the one that is looked at. Tokens without text are passed over. */
function nextIndex(key: string, index: number | undefined, segments: readonly Segment[]): number | undefined {
  const last = segments.at(-1);
  const count = last === undefined ? 0 : last.first + last.tokens.length;
  const step = { ArrowRight: 1, ArrowLeft: -1, Home: 1, End: -1 }[key];
  if (step === undefined) return undefined;
  let next = key === 'Home' ? 0 : key === 'End' ? count - 1 : index === undefined ? 0 : index + step;
  while (next >= 0 && next < count && tokenAt(segments, next)?.text === '') next += step;
  return next >= 0 && next < count ? next : index;
}

function indexOf({ target }: TargetedEvent<HTMLElement, Event>): number | undefined {
  const number = (target as Element | null)?.closest<HTMLElement>('[data-token]')?.dataset.token;
  return number === undefined ? undefined : Number(number);
}

function elementAt(box: HTMLElement | null, index: number): HTMLElement | undefined {
  return box?.querySelector<HTMLElement>(`[data-token="${index}"]`) ?? undefined;
}

/** Marks it without drawing tokens again. */
function markLooked(box: HTMLElement | null, index: number | undefined): (() => void) | undefined {
  if (index === undefined) return undefined;
  const element = elementAt(box, index);
  element?.classList.add('looked');
  element?.scrollIntoView({ block: 'nearest' });
  return () => element?.classList.remove('looked');
}
