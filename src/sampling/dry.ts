import type { Token } from '../speculative/index.js';
import type { Step } from './step.js';

export interface DrySettings {
  /** Penalty of a token that extends a repetition of exactly `allowedLength` tokens. */
  readonly multiplier: number;
  /** Factor of each token more. */
  readonly base: number;
  /** Repetitions shorter than this cost nothing. */
  readonly allowedLength: number;
  /** Tokens at the end of the history that are searched; Infinity for all. */
  readonly range: number;
  /** Token sequences over which no repetition reaches. */
  readonly breakers: readonly (readonly Token[])[];
}

/** Natural logarithm of the greatest 32 bit float: llama.cpp clamps the exponent so that the power stays below it. */
const FLOAT_MAX_LOG = 88.7228391;

/**
 * DRY, "don't repeat yourself" (p-e-w, text-generation-webui #5677), as in llama.cpp: a token that would extend a
 * repetition of n >= `allowedLength` tokens loses multiplier * base^(n - allowedLength).
 */
export function dry(settings: DrySettings): Step {
  const { multiplier, base, allowedLength, range } = settings;
  const tails = tailsByHead(settings.breakers);
  const greatestExponent = base > 1.000001 ? Math.trunc(FLOAT_MAX_LOG / Math.log(base)) : Number.POSITIVE_INFINITY;
  const penalised = (logit: number, repeated: number) =>
    logit - multiplier * base ** Math.min(repeated - allowedLength, greatestExponent);
  return (candidates, { history }) => {
    const window = Math.min(history.tokens.length, range);
    if (window <= allowedLength) return;
    const limit = Math.min(window, distanceToBreaker(history.tokens, window, tails));
    if (limit < allowedLength) return;
    candidates.edit(extensions(history.tokens, window, limit, allowedLength, tails), penalised);
  };
}

/** What may follow a first token to make up a breaker. */
type Tails = ReadonlyMap<Token, readonly (readonly Token[])[]>;

function tailsByHead(breakers: readonly (readonly Token[])[]): Tails {
  const tails = new Map<Token, Token[][]>();
  for (const [head, ...tail] of breakers) {
    if (head === undefined) continue;
    const known = tails.get(head);
    if (known) known.push(tail);
    else tails.set(head, [tail]);
  }
  return tails;
}

/** How many tokens follow the last breaker in the window; Infinity if there is none. */
function distanceToBreaker(tokens: readonly Token[], window: number, tails: Tails): number {
  for (let back = 0; back < window; back++) {
    const head = tokens.length - 1 - back;
    let longest: number | undefined;
    for (const tail of tails.get(tokens[head]!) ?? []) {
      if (tail.length > back || tail.length <= (longest ?? -1)) continue;
      if (tail.every((token, i) => tokens[head + 1 + i] === token)) longest = tail.length;
    }
    if (longest !== undefined) return back - longest;
  }
  return Number.POSITIVE_INFINITY;
}

/** For each token that would extend a repetition: the length of the longest one, at most `limit`. */
function extensions(
  tokens: readonly Token[],
  window: number,
  limit: number,
  allowedLength: number,
  tails: Tails,
): Map<Token, number> {
  const longest = new Map<Token, number>();
  const repeats = repeatedSuffixes(tokens, window);
  for (let shift = 1; shift < window; shift++) {
    const repeated = Math.min(repeats[shift]!, limit);
    if (repeated < allowedLength) continue;
    const next = tokens[tokens.length - shift]!;
    if (repeated > (longest.get(next) ?? -1) && !tails.get(next)?.some((tail) => tail.length === 0)) {
      longest.set(next, repeated);
    }
  }
  return longest;
}

/**
 * At `shift`: how many of the last tokens occur also `shift` tokens earlier, inside the window. The Z-algorithm over the
 * reversed window (Gusfield 1997, 1.3): linear time, because a match inside the rightmost known one is read off.
 */
function repeatedSuffixes(tokens: readonly Token[], window: number): Int32Array {
  const last = tokens.length - 1;
  const repeats = new Int32Array(window);
  let left = 0;
  let right = 0;
  for (let shift = 1; shift < window; shift++) {
    let length = shift < right ? Math.min(repeats[shift - left]!, right - shift) : 0;
    while (shift + length < window && tokens[last - length] === tokens[last - shift - length]) length++;
    repeats[shift] = length;
    if (shift + length > right) {
      left = shift;
      right = shift + length;
    }
  }
  return repeats;
}
