/** The rounds of the last minutes, and what the charts show of them. Bounded, however long the page is open. */

import type { Mode, Route } from '../chat/frames.js';
import { type ModelPassCosts, passMs } from '../pass-costs.js';
import type { LiveMessage, LiveRound, LiveStart } from './messages.js';

/** The longest stretch that can be looked at, in seconds, and the most rounds of it. */
export const LONGEST_SECONDS = 300;
const MOST_ROUNDS = 20_000;
/** Less than so many seconds would be a few points, far apart. */
const SHORTEST_SECONDS = 5;
/** Requests that are over and still listed. */
const MOST_ENDED = 20;
/** Points of a line. */
const BINS = 100;

/** A request, as far as it was seen. Counts are of tokens. */
export interface LiveRequest {
  readonly id: number;
  /** Unknown of a request that had begun before the page looked. */
  readonly dialect: string | undefined;
  readonly mode: Mode | undefined;
  readonly promptTokens: number | undefined;
  readonly route: Route | undefined;
  readonly state: 'running' | 'ended';
  /** Why it ended: as the server says, or `lost` where it did not. */
  readonly reason: string | undefined;
  readonly rounds: number;
  readonly tokens: number;
  readonly drafted: number;
  readonly accepted: number;
}

/** A round as the charts need it. */
interface Point {
  /** Milliseconds of a steady clock. */
  readonly at: number;
  readonly request: number;
  /** The draft model writes alone. */
  readonly byDraft: boolean;
  readonly drafted: number;
  readonly accepted: number;
  readonly tokens: number;
  /** Milliseconds since the request's round before. */
  readonly ms: number;
  readonly depth: number;
  /** Requests that ran. */
  readonly running: number;
}

/** Lines over time: one value a bin, `null` where there was no round. */
export interface LiveSeries {
  /** Seconds before the end of the window, ascending to 0. */
  readonly seconds: readonly number[];
  /** Means of a round. */
  readonly drafted: readonly (number | null)[];
  readonly accepted: readonly (number | null)[];
  readonly tokensPerPass: readonly (number | null)[];
  /** Tokens a second of all that is looked at, and what plain decoding would give, predicted from T(n). */
  readonly speed: readonly (number | null)[];
  readonly plainSpeed: readonly (number | null)[];
  /** By place in the draft: the share of its tokens that were accepted, and of those that were judged at all. */
  readonly positions: readonly {
    readonly drafted: number;
    readonly acceptedShare: number;
    readonly judgedShare: number | null;
  }[];
  /** Of the whole window. */
  readonly all: LiveFigures;
}

export interface LiveFigures {
  readonly rounds: number;
  readonly tokensPerPass: number | null;
  readonly acceptedShare: number | null;
  readonly speed: number | null;
  readonly plainSpeed: number | null;
}

export class LiveWindow {
  readonly #requests = new Map<number, LiveRequest>();
  readonly #lastRound = new Map<number, number>();
  #points: Point[] = [];
  #dropped = 0;
  #changes = 0;

  /** The newest first, the running ones before those that are over. */
  get requests(): readonly LiveRequest[] {
    const all = [...this.#requests.values()].reverse();
    return [...all.filter(({ state }) => state === 'running'), ...all.filter(({ state }) => state === 'ended')];
  }

  get running(): number {
    return this.#lastRound.size;
  }

  /** Grows with every message. */
  get changes(): number {
    return this.#changes;
  }

  /** Messages that the server left out because the page was slow. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @param at milliseconds of a steady clock */
  add(message: LiveMessage, at: number): void {
    this.#changes += 1;
    if (message.type === 'start') this.#begin(message, at);
    else if (message.type === 'round') this.#round(message, at);
    else if (message.type === 'end') this.#end(message.generation, message.reason ?? 'lost', message.route);
    else this.#dropped += message.messages;
  }

  /** The stream broke off: nobody knows what became of those that ran. */
  lose(): void {
    this.#changes += 1;
    for (const id of [...this.#lastRound.keys()]) this.#end(id, 'lost', undefined);
  }

  /**
   * @param seconds how much of it at most, up to now while something runs, else up to the last round
   * @param request one of them; undefined: all
   */
  series(now: number, seconds: number, request: number | undefined, costs: ModelPassCosts | undefined): LiveSeries {
    const end = this.running > 0 ? now : (this.#points.at(-1)?.at ?? now);
    const earliest = end - seconds * 1000;
    const points = this.#points.filter(
      (point) => point.at > earliest && (request === undefined || point.request === request),
    );
    // Before the first round there is nothing to see.
    const begin = Math.min(points[0]?.at ?? earliest, end - SHORTEST_SECONDS * 1000);
    const from = Math.max(earliest, begin - 1);
    const length = end - from;
    const bins: Point[][] = Array.from({ length: BINS }, () => []);
    for (const point of points) bins[Math.min(BINS - 1, Math.floor(((point.at - from) / length) * BINS))]!.push(point);
    const figures = bins.map((bin) => figuresOf(bin, request === undefined, costs));
    return {
      seconds: bins.map((_, i) => (((i + 1) / BINS - 1) * length) / 1000),
      drafted: bins.map((bin) => mean(bin, ({ drafted }) => drafted)),
      accepted: bins.map((bin) => mean(bin, ({ accepted }) => accepted)),
      tokensPerPass: figures.map(({ tokensPerPass }) => tokensPerPass),
      speed: figures.map(({ speed }) => speed),
      plainSpeed: figures.map(({ plainSpeed }) => plainSpeed),
      positions: positionsOf(points),
      all: figuresOf(points, request === undefined, costs),
    };
  }

  #begin({ generation: id, dialect, mode, promptTokens, route }: LiveStart, at: number): void {
    this.#requests.set(id, { ...UNSEEN, id, dialect, mode, promptTokens, route });
    this.#lastRound.set(id, at);
  }

  #round({ generation: id, position, drafted, accepted, tokens, draftMs, verifyMs }: LiveRound, at: number): void {
    const known = this.#requests.get(id) ?? { ...UNSEEN, id };
    const first = known.rounds === 0;
    // Before the first round the prompt was read.
    const ms = first ? draftMs + verifyMs : at - (this.#lastRound.get(id) ?? at);
    this.#lastRound.set(id, at);
    this.#requests.set(id, {
      ...known,
      rounds: known.rounds + 1,
      tokens: known.tokens + tokens.length,
      drafted: known.drafted + drafted.length,
      accepted: known.accepted + accepted,
    });
    const byDraft = known.mode === 'draft' || (known.mode === 'auto' && known.route?.to === 'draft');
    this.#points.push({
      ...{ at, request: id, byDraft, drafted: drafted.length, accepted, tokens: tokens.length, ms },
      ...{ depth: position, running: this.running },
    });
    this.#forget(at);
  }

  #end(id: number, reason: string, route: Route | undefined): void {
    this.#lastRound.delete(id);
    const known = this.#requests.get(id) ?? { ...UNSEEN, id };
    this.#requests.set(id, { ...known, state: 'ended', reason, route: route ?? known.route });
    const ended = [...this.#requests.values()].filter(({ state }) => state === 'ended');
    for (const { id } of ended.slice(0, -MOST_ENDED)) this.#requests.delete(id);
  }

  /** A tenth at a time: each round would copy all others otherwise. */
  #forget(at: number): void {
    const oldest = at - LONGEST_SECONDS * 1000;
    const tooMany = this.#points.length > 1.1 * MOST_ROUNDS;
    const tooOld = (this.#points[Math.floor(this.#points.length / 10)]?.at ?? at) < oldest;
    if (tooMany || tooOld) this.#points = this.#points.slice(-MOST_ROUNDS).filter((point) => point.at >= oldest);
  }
}

const UNSEEN: Omit<LiveRequest, 'id'> = {
  dialect: undefined,
  mode: undefined,
  promptTokens: undefined,
  route: undefined,
  state: 'running',
  reason: undefined,
  rounds: 0,
  tokens: 0,
  drafted: 0,
  accepted: 0,
};

/**
 * Of a request that runs alone, its speed is its tokens by the time between its rounds. Of all together it is that of
 * one of them times how many ran, and plain decoding is a pass of one row for each.
 */
function figuresOf(points: readonly Point[], together: boolean, costs: ModelPassCosts | undefined): LiveFigures {
  const sum = (value: (point: Point) => number) => points.reduce((total, point) => total + value(point), 0);
  const ms = sum((point) => point.ms);
  const drafted = sum((point) => point.drafted);
  const factor = together && ms > 0 ? sum((point) => point.ms * point.running) / ms : 1;
  const plain = costs && plainTokens(points, costs);
  return {
    rounds: points.length,
    tokensPerPass: mean(points, ({ tokens }) => tokens),
    acceptedShare: drafted > 0 ? sum((point) => point.accepted) / drafted : null,
    speed: ms > 0 ? (sum((point) => point.tokens) / ms) * factor * 1000 : null,
    plainSpeed: plain === undefined || ms === 0 ? null : (plain / ms) * factor * 1000,
  };
}

/** The tokens that plain decoding would have written in the time of these rounds; none are known of the draft model's. */
function plainTokens(points: readonly Point[], costs: ModelPassCosts): number | undefined {
  if (points.some(({ byDraft }) => byDraft)) return undefined;
  return points.reduce((total, { ms, running, depth }) => total + ms / passMs(costs, Math.max(1, running), depth), 0);
}

function positionsOf(points: readonly Point[]): LiveSeries['positions'] {
  const drafted: number[] = [];
  const judged: number[] = [];
  const accepted: number[] = [];
  const count = (counts: number[], upTo: number) => {
    for (let i = 0; i < upTo; i++) counts[i] = (counts[i] ?? 0) + 1;
  };
  for (const point of points) {
    count(drafted, point.drafted);
    count(judged, Math.min(point.drafted, point.accepted + 1));
    count(accepted, point.accepted);
  }
  return drafted.map((all, i) => ({
    drafted: all,
    acceptedShare: (accepted[i] ?? 0) / all,
    judgedShare: judged[i] === undefined ? null : (accepted[i] ?? 0) / judged[i],
  }));
}

function mean(points: readonly Point[], value: (point: Point) => number): number | null {
  return points.length === 0 ? null : points.reduce((sum, point) => sum + value(point), 0) / points.length;
}
