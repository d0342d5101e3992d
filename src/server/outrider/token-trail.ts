/** Joins what rounds say of tokens to the text that comes out of them, which may be later. */
import type { RoundEvent, TextEvent, TextOrigin, TokenLogprob } from '../../engine/events.js';
import type { Token } from '../../speculative/index.js';

/** The bytes of a token as text, and as hexadecimal digits too where they are not whole characters. */
export interface TokenText {
  readonly text: string;
  readonly bytes?: string;
}

/** A token of an answer. Probabilities are in [0, 1]: the target's before any sampling option, the draft's as it believed. */
export interface ShownToken extends TokenText {
  readonly id: Token;
  /** Where it comes from. */
  readonly origin: TextOrigin;
  /** The target's probability of it. */
  readonly target: number;
  /** The draft's, of a token that was drafted. */
  readonly draft?: number;
  /** The draft token that this one came instead of. The target's probability is known where it is among the likeliest. */
  readonly rejected?: TokenText & { readonly id: Token; readonly draft: number; readonly target?: number };
  /** The likeliest tokens at its place, most likely first. */
  readonly top: readonly (TokenText & { readonly id: Token; readonly target: number })[];
}

/** What a round says of a token whose text has not come out. */
interface Pending {
  readonly origin: TextOrigin;
  readonly draft: number | undefined;
  readonly rejected: { readonly id: Token; readonly draft: number } | undefined;
}

/** Of one answer. Every round and every text goes through it, in order. */
export class TokenTrail {
  readonly #textOf: (token: Token) => Promise<TokenText>;
  readonly #decoder = new TextDecoder();
  #pending: Pending[] = [];
  /** The context's length where the first pending token stands. */
  #position: number | undefined;

  /** @param textOf the text of a token that was drafted and not kept */
  constructor(textOf: (token: Token) => Promise<TokenText>) {
    this.#textOf = textOf;
  }

  round({ position, tokens, draft, accepted, origin, escalated }: RoundEvent): void {
    this.#goTo(position);
    const failed = draft.tokens[accepted];
    for (const i of tokens.keys()) {
      const drafted = i < accepted;
      this.#pending.push({
        origin: drafted ? (escalated ? 'escalated' : 'accepted') : origin,
        draft: drafted ? draft.confidences[i] : undefined,
        rejected: drafted || failed === undefined ? undefined : { id: failed, draft: draft.confidences[accepted] ?? 0 },
      });
    }
  }

  #goTo(position: number): void {
    this.#position ??= position;
    const ahead = position - this.#position;
    // An answer that goes back to avoid a text goes on from there; nothing of what goes has come out.
    if (ahead >= 0 && ahead < this.#pending.length) this.#pending.length = ahead;
    // A context that lost its beginning has its tokens elsewhere.
    this.#position = position - this.#pending.length;
  }

  /** The tokens that a text completes. Their texts joined are the event's. */
  async text({ text, origin, logprobs = [] }: TextEvent): Promise<readonly ShownToken[]> {
    const pending = this.#pending.splice(0, logprobs.length);
    if (this.#position !== undefined) this.#position += pending.length;
    let rest = text;
    return Promise.all(
      logprobs.map((logprob, i) => {
        const decoded = this.#decoder.decode(logprob.bytes, { stream: true });
        const shown = i === logprobs.length - 1 ? rest : rest.slice(0, decoded.length);
        rest = rest.slice(shown.length);
        return this.#shown(logprob, shown, pending[i] ?? { origin, draft: undefined, rejected: undefined });
      }),
    );
  }

  async #shown({ token, bytes, logprob, top }: TokenLogprob, text: string, pending: Pending): Promise<ShownToken> {
    const { origin, draft, rejected } = pending;
    const likeliest = top.map((one) => ({ id: one.token, ...tokenText(one.bytes), target: probability(one.logprob) }));
    const hex = tokenText(bytes).bytes;
    return {
      id: token,
      text,
      ...(hex !== undefined && { bytes: hex }),
      origin,
      target: probability(logprob),
      ...(draft !== undefined && { draft: rounded(draft) }),
      ...(rejected !== undefined && { rejected: await this.#rejected(rejected, likeliest) }),
      top: likeliest,
    };
  }

  async #rejected({ id, draft }: NonNullable<Pending['rejected']>, likeliest: ShownToken['top']) {
    const target = likeliest.find((one) => one.id === id)?.target;
    return { id, ...(await this.#textOf(id)), draft: rounded(draft), ...(target !== undefined && { target }) };
  }
}

/** Bytes as text; what is no whole character shows as a replacement character. */
export function tokenText(bytes: Uint8Array): TokenText {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { text: new TextDecoder().decode(bytes), bytes: Buffer.from(bytes).toString('hex') };
  }
}

function probability(logprob: number): number {
  return rounded(Math.exp(logprob));
}

/** Nobody reads more than four digits, and an answer may have many thousands of tokens. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
