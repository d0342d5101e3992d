import type { Token } from '../speculative/index.js';
import { Detokenizer } from '../text/detokenizer.js';
import { type StopMatch, type StopStep, StopStrings } from '../text/stop-strings.js';

/** What a token, or the end, lets out. */
export interface TextStep {
  readonly text: string;
  /** Set once a stop string has ended the text; `tokens` counts up to the one that completed it. */
  readonly stopped?: { readonly stop: string; readonly tokens: number };
  /** Set once a banned text is there; `tokens` counts those before the one that it begins in. The stream takes no more. */
  readonly banned?: { readonly text: string; readonly tokens: number };
}

/** One banned text, looked for by itself: it is told as soon as it is there, whatever else may still complete. */
interface Ban {
  readonly text: string;
  readonly finder: StopStrings;
  /** Code units that are no part of it. */
  clear: number;
}

/** Tokens in; text out that nothing can take back: whole characters, no part of a stop string or a banned text. */
export class TextStream {
  readonly #bytesOf: (token: Token) => Uint8Array;
  readonly #detokenizer = new Detokenizer();
  readonly #stops: StopStrings;
  readonly #bans: readonly Ban[];
  /** Text that was read and has not come out. */
  #waiting = '';
  /** Code units that no stop string can take back, and that came out. */
  #open = 0;
  #emitted = 0;
  /** Length of the text after each token, in UTF-16 code units. */
  readonly #lengths: number[] = [];
  #length = 0;

  /** @param banned texts that may not appear, whatever their case */
  constructor(bytesOf: (token: Token) => Uint8Array, stop: readonly string[], banned: readonly string[]) {
    this.#bytesOf = bytesOf;
    this.#stops = new StopStrings(stop);
    this.#bans = banned.map((text) => ({ text, finder: new StopStrings([folded(text)]), clear: 0 }));
  }

  /** Leading tokens whose whole text came out. */
  get releasedTokens(): number {
    const index = this.#lengths.findIndex((length) => length > this.#emitted);
    return index < 0 ? this.#lengths.length : index;
  }

  push(token: Token): TextStep {
    const text = this.#detokenizer.push(this.#bytesOf(token));
    this.#length += text.length;
    this.#lengths.push(this.#length);
    return this.#read(text, this.#stops.push(text));
  }

  /** The first so many code units came out before, of another stream over the same tokens: here they do not any more. */
  skip(length: number): void {
    this.#release(length);
  }

  /** The end of the text: half a character comes out as U+FFFD, held text comes out unless it is a stop string. */
  flush(): TextStep {
    const rest = this.#detokenizer.flush();
    this.#length += rest.length;
    const last = this.#read(rest, this.#stops.push(rest));
    if (last.stopped !== undefined || last.banned !== undefined) return last;
    for (const ban of this.#bans) ban.clear = this.#length;
    const held = this.#read('', this.#stops.flush());
    return { ...held, text: last.text + held.text };
  }

  /** Whichever ends the text earlier counts; without an end, what nobody holds comes out. */
  #read(text: string, stop: StopStep): TextStep {
    this.#waiting += text;
    this.#open += stop.emit.length;
    const stopsAt = stop.kind === 'stopped' ? stop.match.begin : Number.POSITIVE_INFINITY;
    const banned = this.#look(folded(text));
    if (banned !== undefined && banned.begin < stopsAt) {
      return { text: '', banned: { text: banned.text, tokens: this.#lengths.findIndex((end) => end > banned.begin) } };
    }
    if (stop.kind === 'stopped') return this.#stopped(this.#release(this.#open), stop.match);
    return { text: this.#release(Math.min(this.#open, this.#clear())) };
  }

  /** The banned text that begins first of those that are there now. */
  #look(text: string): { readonly text: string; readonly begin: number } | undefined {
    let found: { readonly text: string; readonly begin: number } | undefined;
    for (const ban of this.#bans) {
      const step = ban.finder.push(text);
      ban.clear += step.emit.length;
      if (step.kind === 'stopped' && step.match.begin < (found?.begin ?? Number.POSITIVE_INFINITY)) {
        found = { text: ban.text, begin: step.match.begin };
      }
    }
    return found;
  }

  /** Code units that no ban can take back: a token goes as a whole, so the one that a banned text may begin in stays. */
  #clear(): number {
    const clear = this.#bans.reduce((least, ban) => Math.min(least, ban.clear), this.#length);
    if (clear === this.#length) return clear;
    return this.#lengths.findLast((end) => end <= clear) ?? 0;
  }

  #release(end: number): string {
    const text = this.#waiting.slice(0, Math.max(0, end - this.#emitted));
    this.#waiting = this.#waiting.slice(text.length);
    this.#emitted += text.length;
    return text;
  }

  #stopped(text: string, { stop, end }: StopMatch): TextStep {
    const index = this.#lengths.findIndex((length) => length >= end);
    return { text, stopped: { stop, tokens: index < 0 ? this.#lengths.length : index + 1 } };
  }
}

/** In lower case, unit by unit: a character whose lower case is longer stays as it is, so that places agree. */
function folded(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return Array.from(text, (character) => {
    const small = character.toLowerCase();
    return small.length === character.length ? small : character;
  }).join('');
}
