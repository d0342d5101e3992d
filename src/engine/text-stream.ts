import type { Token } from '../speculative/index.js';
import { Detokenizer } from '../text/detokenizer.js';
import { type StopMatch, StopStrings } from '../text/stop-strings.js';

/** What a token, or the end, lets out. */
export interface TextStep {
  readonly text: string;
  /** Set once a stop string has ended the text; `tokens` counts up to the one that completed it. */
  readonly stopped?: { readonly stop: string; readonly tokens: number };
}

/** Tokens in; text out that nothing can take back: whole characters, no part of a stop string. */
export class TextStream {
  readonly #bytesOf: (token: Token) => Uint8Array;
  readonly #detokenizer = new Detokenizer();
  readonly #stops: StopStrings;
  /** Length of the text after each token, in UTF-16 code units. */
  readonly #lengths: number[] = [];
  #length = 0;

  constructor(bytesOf: (token: Token) => Uint8Array, stop: readonly string[]) {
    this.#bytesOf = bytesOf;
    this.#stops = new StopStrings(stop);
  }

  push(token: Token): TextStep {
    const text = this.#detokenizer.push(this.#bytesOf(token));
    this.#length += text.length;
    this.#lengths.push(this.#length);
    const step = this.#stops.push(text);
    return step.kind === 'open' ? { text: step.emit } : this.#stopped(step.emit, step.match);
  }

  /** The end of the text: half a character comes out as U+FFFD, held text comes out unless it is a stop string. */
  flush(): TextStep {
    const rest = this.#detokenizer.flush();
    this.#length += rest.length;
    const last = this.#stops.push(rest);
    if (last.kind === 'stopped') return this.#stopped(last.emit, last.match);
    const held = this.#stops.flush();
    return held.kind === 'open' ? { text: last.emit + held.emit } : this.#stopped(last.emit + held.emit, held.match);
  }

  #stopped(text: string, { stop, end }: StopMatch): TextStep {
    const index = this.#lengths.findIndex((length) => length >= end);
    return { text, stopped: { stop, tokens: index < 0 ? this.#lengths.length : index + 1 } };
  }
}
