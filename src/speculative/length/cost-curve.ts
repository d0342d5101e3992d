/** One measured point: a pass of that many rows, in milliseconds. */
export interface CostPoint {
  readonly rows: number;
  readonly ms: number;
}

/** What a curve knows, in a form that can be stored. */
export interface CostState {
  /** At least one, with a positive time. */
  readonly points: readonly CostPoint[];
  /** By depth, relative to the points. */
  readonly levels?: readonly number[];
  /** What the first pass of one row behind a draft costs more, in T(1). */
  readonly wayBack?: number;
}

interface SeenPoint {
  readonly rows: number;
  ms: number;
  /** Passes that this curve has learnt from, and one for what it began with. */
  seen: number;
  /** The pass that it was seen in last. */
  lastSeen: number;
}

/** How much of an observation's deviation is believed at once (algorithms.md 2.3, 1). */
const RATE = 0.1;
/** And of one that was not seen for so many passes. */
const STALE_RATE = 0.3;
const STALE_PASSES = 100;
/** A pass that was interrupted says nothing about the curve: no observation counts as more than this times the expected. */
const CLIP = 1.5;
/** What a pass costs more behind one of another size is learnt at this rate. */
const RETURN_RATE = 0.05;
/** Each context depth up to twice the last one has a level of its own: attention costs grow with it. */
const FIRST_DEPTH = 512;
const GRID_FROM = 32;

/**
 * T(n): what a pass of n rows costs here and now, any shape allowed (algorithms.md 2.3, 1). Between measured points it
 * is interpolated, beyond them continued. Every pass corrects its own row count, and its neighbours as far as they are
 * less known: how dear many rows are beside one changes with the machine's load, so passes of 12 rows say nothing about
 * T(1). At greater depth there is a level for all row counts.
 *
 * T(1) is what plain decoding pays, pass after pass of one row. Behind a pass of another size llama.cpp builds its graph
 * anew, so the first pass of one row behind a draft costs more: the way back, which a draft has to pay for too.
 */
export class CostCurve {
  /** Shape, in milliseconds at level 1, ascending in rows. */
  readonly #points: SeenPoint[];
  /** Level by depth bucket; a bucket begins with the level of the one below. */
  readonly #levels: number[];
  #passes = 0;
  /** The way back, in T(1). */
  #wayBack: number;

  constructor({ points, levels = [1], wayBack = 0 }: CostState) {
    this.#points = points.map(({ rows, ms }) => ({ rows, ms, seen: 1, lastSeen: 0 })).sort((a, b) => a.rows - b.rows);
    this.#levels = [...levels];
    this.#wayBack = wayBack;
  }

  /** Milliseconds that a pass of one row costs more behind a draft. */
  wayBack(depth: number): number {
    return this.#wayBack * this.at(1, depth);
  }

  /** Milliseconds of a pass of `rows` rows at that depth of the context. */
  at(rows: number, depth: number): number {
    return this.#shapeAt(rows) * this.#levelAt(bucketOf(depth));
  }

  /** Learns from a pass. */
  observe(rows: number, depth: number, ms: number): void {
    if (!(ms > 0)) return;
    const bucket = bucketOf(depth);
    const deviation = Math.min(CLIP, Math.max(1 / CLIP, ms / this.at(rows, depth)));
    for (let i = this.#levels.length; i <= bucket; i++) this.#levels[i] = this.#levels[i - 1]!;
    if (bucket > 0) {
      this.#levels[bucket]! *= deviation ** RATE;
      return;
    }
    const point = this.#pointAt(onGrid(rows));
    point.seen += 1;
    // What was hardly ever seen may come from a bad moment, what was not seen for long from another one.
    const rate = Math.max(RATE, 1 / point.seen, Math.min(STALE_RATE, (this.#passes - point.lastSeen) / STALE_PASSES));
    this.#passes += 1;
    point.lastSeen = this.#passes;
    for (const other of this.#points) {
      const share = other === point ? 1 : nearness(other.rows, rows) / other.seen;
      other.ms *= deviation ** (rate * share);
    }
  }

  /** Learns from a pass without a draft behind one with a draft: such a pass says nothing of `at(rows)`. */
  observeWayBack(rows: number, depth: number, ms: number): void {
    const more = Math.min(CLIP, Math.max(0, ms / this.at(rows, depth) - 1));
    this.#wayBack += RETURN_RATE * (more - this.#wayBack);
  }

  /** The one of these row counts that this curve has learnt least of. */
  leastSeen(rowCounts: readonly number[]): number {
    const seen = (rows: number): number => this.#points.find((point) => point.rows === rows)?.seen ?? 0;
    return rowCounts.reduce((least, rows) => (seen(rows) < seen(least) ? rows : least));
  }

  /** From each of these depths on, passes take so many times what they take at depth 0; ascending, the first is 0. */
  get depths(): readonly { readonly from: number; readonly factor: number }[] {
    return this.#levels.map((level, i) => ({ from: i === 0 ? 0 : FIRST_DEPTH * 2 ** (i - 1), factor: level }));
  }

  /** What `new CostCurve` takes to go on where this one is. */
  toJSON(): Required<CostState> {
    const points = this.#points.map(({ rows, ms }) => ({ rows, ms }));
    return { points, levels: [...this.#levels], wayBack: this.#wayBack };
  }

  #levelAt(bucket: number): number {
    return this.#levels[Math.min(bucket, this.#levels.length - 1)]!;
  }

  /** The point of that row count; a new one stands where the curve is. */
  #pointAt(rows: number): SeenPoint {
    const at = this.#points.findIndex((point) => point.rows >= rows);
    const known = this.#points[at];
    if (known?.rows === rows) return known;
    const point = { rows, ms: this.#shapeAt(rows), seen: 0, lastSeen: this.#passes };
    this.#points.splice(at < 0 ? this.#points.length : at, 0, point);
    return point;
  }

  #shapeAt(rows: number): number {
    const points = this.#points;
    let above = 0;
    while (above < points.length && points[above]!.rows < rows) above += 1;
    if (above === 0) return points[0]!.ms;
    if (above < points.length) return between(points[above - 1]!, points[above]!, rows);
    const last = points[points.length - 1]!;
    const before = points[points.length - 2];
    // One point alone: rows cost what the first did, until a pass says better.
    if (before === undefined) return (last.ms * rows) / last.rows;
    const slope = Math.max(0, (last.ms - before.ms) / (last.rows - before.rows));
    return last.ms + slope * (rows - last.rows);
  }
}

function between(low: CostPoint, high: CostPoint, rows: number): number {
  return low.ms + ((high.ms - low.ms) * (rows - low.rows)) / (high.rows - low.rows);
}

/** 1 for the same row count, a quarter for half or twice as many. */
function nearness(rows: number, other: number): number {
  const ratio = rows < other ? rows / other : other / rows;
  return ratio * ratio;
}

/** Catching up takes any number of rows: beyond those of drafts two points for each doubling are enough. */
function onGrid(rows: number): number {
  return rows <= GRID_FROM ? rows : Math.round(2 ** (Math.round(2 * Math.log2(rows)) / 2));
}

function bucketOf(depth: number): number {
  return depth < FIRST_DEPTH ? 0 : 1 + Math.floor(Math.log2(depth / FIRST_DEPTH));
}
