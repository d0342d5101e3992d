import { type Beginning, type Segment, tokensOf } from './answer-fold.js';
import type { Message } from './chat.js';
import type { AnswerToken, Mode } from './frames.js';

/** What an answer goes on behind: its tokens where they are known, else its text. */
export type Resume = string | readonly number[];

/** How the answer goes on in this mode (undefined: the server's own), and what is shown of it meanwhile. */
export function resumed(
  { text, report }: Message,
  segments: readonly Segment[],
  mode: Mode | undefined,
): { readonly beginning: Beginning; readonly resume: Resume } {
  const tokens = tokensOf(segments).flatMap(({ id }) => id ?? []);
  const whole = tokens.length > 0 && tokens.length === tokensOf(segments).length;
  // Another writer may have other tokens.
  if (whole && report !== undefined && report.mode === (mode ?? report.mode))
    return { beginning: { text, segments, report }, resume: tokens };
  const given: Segment = { first: 0, tokens: [{ text, origin: 'given', top: [] }] };
  const shown = segments.length > 0 ? segments.map(nameless) : [given];
  return { beginning: { text, segments: shown, report }, resume: text };
}

function nameless({ first, tokens }: Segment): Segment {
  return { first, tokens: tokens.map(({ id: _, ...token }): AnswerToken => token) };
}
