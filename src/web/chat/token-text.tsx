/** An answer as its tokens, coloured by where each comes from; one of them can be looked at closely. */
import { Component } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLook } from '../look.js';
import { endsLine, type Segment } from './answer-fold.js';
import type { AnswerToken } from './frames.js';
import { TokenCard } from './token-card.js';

interface Props {
  readonly segments: readonly Segment[];
}

export function TokenText({ segments }: Props) {
  const last = segments.at(-1);
  const count = last === undefined ? 0 : last.first + last.tokens.length;
  const { box, look, anchor, listeners } = useLook(count, (index) => tokenAt(segments, index)?.text === '');
  const token = look && tokenAt(segments, look.index);
  const shown = useShown(segments.length);
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
        {...listeners}
      >
        {segments.slice(0, shown).map((segment, index) => (
          <TokenSegment key={index} segment={segment} length={segment.tokens.length} />
        ))}
      </div>
      {token && look && <TokenCard token={token} anchor={anchor} held={look.held} />}
    </div>
  );
}

/** Segments that are drawn in one go: few enough for a frame of the screen, more than come in one while an answer is written. */
const AT_ONCE = 12;

/** How many of the segments are drawn: all soon, but those of a long answer that is opened not all at once. */
function useShown(count: number): number {
  const [drawn, setDrawn] = useState(0);
  const shown = Math.min(count, drawn + AT_ONCE);
  useEffect(() => {
    if (drawn === shown) return undefined;
    const frame = requestAnimationFrame(() => setDrawn(shown));
    return () => cancelAnimationFrame(frame);
  }, [drawn, shown]);
  return shown;
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
              <span key={index} class={`token ${origin}`} data-piece={segment.first + index}>
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
