/** The fold of an answer's frames into what the page shows. */
import type { Report } from './chat.js';
import type { AnswerToken, FinishFrame, Frame, StartFrame } from './frames.js';
import { joined } from './report.js';

/** A segment ends with the first line that ends behind so many tokens. */
const SEGMENT_TOKENS = 200;
/** It ends behind so many wherever that is: some texts have no lines. */
const MOST_SEGMENT_TOKENS = 2_000;

/** Tokens that are drawn, and left out of drawing, together. All but the last one never change; that one grows in place. */
export interface Segment {
  /** The number of its first token in the answer. */
  readonly first: number;
  readonly tokens: readonly AnswerToken[];
}

/** Whether it ends with a line, so that it can be a block of its own. */
export function endsLine({ tokens }: Segment): boolean {
  return tokens.at(-1)?.text.endsWith('\n') ?? false;
}

class Segments {
  readonly list: { readonly first: number; readonly tokens: AnswerToken[] }[] = [];
  count = 0;

  /** Goes on behind segments of an answer, which stay as they are. */
  constructor(before: readonly Segment[] = []) {
    for (const { first, tokens } of before) {
      this.list.push({ first, tokens: [...tokens] });
      this.count += tokens.length;
    }
  }

  push(token: AnswerToken): void {
    const last = this.list.at(-1);
    if (last === undefined || isFull(last)) this.list.push({ first: this.count, tokens: [token] });
    else last.tokens.push(token);
    this.count += 1;
  }
}

function isFull(segment: Segment): boolean {
  const { length } = segment.tokens;
  return length >= MOST_SEGMENT_TOKENS || (length >= SEGMENT_TOKENS && endsLine(segment));
}

/** Where an answer stands before its first token. */
export type Progress =
  | { readonly kind: 'sent' }
  | { readonly kind: 'queued'; readonly ahead: number }
  | { readonly kind: 'reading'; readonly evaluated: number; readonly total: number }
  | { readonly kind: 'writing' };

/** What an answer that is continued has already. */
export interface Beginning {
  readonly text: string;
  readonly segments: readonly Segment[];
  /** How that was written, if a model wrote it. */
  readonly report?: Report | undefined;
}

export class AnswerFold {
  readonly #now: () => number;
  readonly #sentAt: number;
  readonly #segments: Segments;
  #text: string;
  readonly #begunWith: number;
  readonly #before: Report | undefined;
  #start: StartFrame | undefined;
  #finish: FinishFrame | undefined;
  #progress: Progress = { kind: 'sent' };
  #rounds = 0;
  #accepted = 0;
  #rejected = 0;
  #firstAt: number | undefined;
  #lastAt: number | undefined;

  /** @param now milliseconds of a steady clock */
  constructor(now: () => number, { text, segments, report }: Beginning = { text: '', segments: [] }) {
    this.#now = now;
    this.#sentAt = now();
    this.#text = text;
    this.#before = report;
    this.#segments = new Segments(segments);
    this.#begunWith = this.#segments.count;
  }

  get text(): string {
    return this.#text;
  }

  get segments(): readonly Segment[] {
    return this.#segments.list;
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** The text begins inside the model's reasoning. */
  get reasoning(): boolean {
    return this.#start?.reasoning ?? false;
  }

  /** Whether the server has said that the answer is over. */
  get isFinished(): boolean {
    return this.#finish !== undefined;
  }

  add(frame: Frame): void {
    if (frame.type === 'queued') this.#progress = { kind: 'queued', ahead: frame.ahead };
    else if (frame.type === 'admitted') this.#progress = { kind: 'sent' };
    else if (frame.type === 'start') this.#start = frame;
    else if (frame.type === 'prompt') this.#progress = { ...frame, kind: 'reading' };
    else if (frame.type === 'round') {
      this.#rounds += 1;
      this.#accepted += frame.accepted;
      this.#rejected += Number(frame.accepted < frame.drafted);
    } else if (frame.type === 'text') {
      this.#progress = { kind: 'writing' };
      this.#lastAt = this.#now();
      this.#firstAt ??= this.#lastAt;
      this.#text += frame.text;
      for (const token of frame.tokens) this.#segments.push(token);
    } else if (frame.type === 'finish') this.#finish = frame;
  }

  /** How it was written, as far as it is known; undefined before the server has begun. */
  get report(): Report | undefined {
    if (this.#start === undefined) return undefined;
    const { mode, seed, notes, promptTokens, leniency } = this.#start;
    const route = this.#finish?.route ?? this.#start.route;
    const first = this.#firstAt ?? this.#now();
    const counted = {
      rounds: this.#rounds,
      accepted: this.#accepted,
      rejected: this.#rejected,
      tokens: this.#segments.count - this.#begunWith,
      promptMs: first - this.#sentAt,
      writingMs: (this.#lastAt ?? first) - first,
    };
    return joined(this.#before, {
      mode,
      seed,
      notes,
      promptTokens,
      cachedTokens: this.#finish?.cachedTokens ?? 0,
      ...(leniency !== undefined && { leniency }),
      ...(route !== undefined && { route }),
      ...counted,
      ...this.#told(),
      end: this.#finish === undefined || this.#finish.reason === 'aborted' ? 'stopped' : this.#finish.reason,
    });
  }

  /** What the server counted and measured itself. */
  #told() {
    if (this.#finish === undefined) return {};
    const { statistics, timings, predictedPlainMs: plainMs } = this.#finish;
    const { rounds, accepted, rejected } = statistics;
    const { promptMs, predictedMs: writingMs } = timings;
    return { rounds, accepted, rejected, promptMs, writingMs, ...(plainMs !== undefined && { plainMs }) };
  }
}

/** The tokens of segments, in order. */
export function tokensOf(segments: readonly Segment[]): readonly AnswerToken[] {
  return segments.flatMap(({ tokens }) => tokens);
}
