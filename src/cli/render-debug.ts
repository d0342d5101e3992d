import type { RoundEvent } from '../engine/events.js';
import type { Token } from '../speculative/index.js';
import type { EventSink } from './event-sink.js';
import type { Output } from './output.js';
import type { Paint } from './terminal.js';

/** How a token is shown; must not contain a line end. */
export type TokenNames = (token: Token) => string;

export interface DebugOptions {
  readonly names: TokenNames;
  readonly paint: Paint;
}

/** One line a round: what was drafted against what the target says there, token by token. */
export function renderDebug(output: Output, options: DebugOptions): EventSink {
  return async (event) => {
    if (event.type === 'round') await output.write(`${debugLine(event, options)}\n`);
  };
}

/**
 * `round 12  at 57  drafted 5 [ the| quick| brown| fox| jumps]  actual [ the| quick| red]  PASS PASS FAIL  accepted 2
 * rejected 1 discarded 2  recovered  draft 0.4 ms  verify 1.3 ms`. Tokens behind a FAIL were never judged.
 */
export function debugLine(round: RoundEvent, { names, paint }: DebugOptions): string {
  const { draft, accepted, dropped, next } = round;
  const rejected = Number(accepted < draft.tokens.length);
  const actual = [...draft.tokens.slice(0, accepted), next];
  const list = (tokens: readonly Token[]): string => `[${tokens.map(names).join('|')}]`;
  const verdicts = [
    ...Array<string>(accepted).fill(paint('green', 'PASS')),
    ...Array<string>(rejected).fill(paint('red', 'FAIL')),
  ];
  return [
    `round ${round.index}`,
    `at ${round.position}`,
    `drafted ${draft.tokens.length + dropped} ${list(draft.tokens)}`,
    `actual ${list(actual)}`,
    ...(verdicts.length > 0 ? [verdicts.join(' ')] : []),
    `accepted ${accepted} rejected ${rejected} discarded ${draft.tokens.length - accepted - rejected + dropped}`,
    round.origin,
    `draft ${round.draftMs.toFixed(2)} ms`,
    `verify ${round.verifyMs.toFixed(2)} ms`,
  ].join('  ');
}
