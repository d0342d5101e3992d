import type { Distribution, Row, Token } from '../speculative/index.js';
import { deviationOf, greatest, selectFrom, selectTop, weighDown } from './selection.js';
import type { Pairs } from './sort.js';
import { pairsOf, sortDescending } from './sort.js';

const NO_ROW = new Float32Array(0);

/**
 * The tokens that are still in the running, with their logits: what the steps of a chain work on.
 *
 * It begins as the whole row and stays a view on it until a step cuts it down to a list, so that the usual chain never
 * copies the vocabulary. Edits of the row are undone by `finish`. Tokens at -Infinity are never listed, but llama.cpp
 * keeps them among its candidates and counts them, so they are counted here too (`size`).
 */
export class Candidates {
  #row: Row = NO_ROW;
  /** Undefined while the candidates are the whole row. */
  #listed: number | undefined;
  /** Candidates at -Infinity beside the list. */
  #masked = 0;
  #sorted = false;
  /** The temperature that the row's logits are still to be divided by. */
  #divisor = 1;
  #pairs: Pairs = pairsOf(0);
  #scratch: Pairs = pairsOf(0);
  #weights = new Float64Array(0);
  readonly #editedIds: Token[] = [];
  readonly #editedLogits: number[] = [];

  /** Takes up a row. It is used as scratch until `finish`. */
  start(row: Row): void {
    this.#row = row;
    this.#listed = undefined;
    this.#masked = 0;
    this.#sorted = false;
    this.#divisor = 1;
  }

  /** Gives the row back as it was. */
  finish(): void {
    while (this.#editedIds.length > 0) this.#row[this.#editedIds.pop()!] = this.#editedLogits.pop()!;
    this.#row = NO_ROW;
  }

  /** Candidates, those at -Infinity included. */
  get size(): number {
    return this.#listed === undefined ? this.#row.length : this.#listed + this.#masked;
  }

  /** Ids of the listed candidates, the first `list()` of these: ask it first, and again after any change. */
  get ids(): Int32Array {
    return this.#pairs.ids;
  }

  /** Logits, parallel to `ids`. */
  get logits(): Float64Array {
    return this.#pairs.keys;
  }

  /** Replaces the logits of those candidates that occur in `amounts`. */
  edit(amounts: ReadonlyMap<Token, number>, change: (logit: number, amount: number) => number): void {
    if (amounts.size === 0) return;
    if (this.#listed === undefined) {
      for (const [id, amount] of amounts) {
        const logit = this.#row[id]!;
        this.#editedIds.push(id);
        this.#editedLogits.push(logit);
        this.#row[id] = change(logit / this.#divisor, amount) * this.#divisor;
      }
      return;
    }
    for (let i = 0; i < this.#listed; i++) {
      const amount = amounts.get(this.ids[i]!);
      if (amount !== undefined) this.logits[i] = change(this.logits[i]!, amount);
    }
    this.#sorted = false;
  }

  /** Divides all logits by a positive temperature. */
  divide(temperature: number): void {
    if (this.#listed === undefined) this.#divisor *= temperature;
    else for (let i = 0; i < this.#listed; i++) this.logits[i]! /= temperature;
  }

  /**
   * The greatest logit.
   * @throws RangeError if it is not finite
   */
  peak(): number {
    let peak = Number.NEGATIVE_INFINITY;
    if (this.#listed === undefined) peak = greatest(this.#row) / this.#divisor;
    else if (this.#sorted && this.#listed > 0) peak = this.logits[0]!;
    else for (let i = 0; i < this.#listed; i++) if (this.logits[i]! > peak) peak = this.logits[i]!;
    if (Number.isFinite(peak)) return peak;
    throw new RangeError(
      `the model produced no finite logits to choose from (greatest of ${this.#row.length}: ${peak}): its weights may be damaged, or every token is banned`,
    );
  }

  /** Standard deviation of the logits above -Infinity. */
  deviation(): number {
    if (this.#listed !== undefined) return deviationOf(this.logits, this.#listed);
    return deviationOf(this.#row, this.#row.length) / this.#divisor;
  }

  /** Makes sure that the candidates are a list, in any order, and returns its length. */
  list(): number {
    if (this.#listed === undefined) this.#masked = this.#row.length - this.#dropBelow(Number.NEGATIVE_INFINITY);
    return this.#listed!;
  }

  /** As `list`, in descending order of logits; equal ones as they were, which is by id unless edits made them equal. */
  sort(): number {
    const length = this.list();
    if (!this.#sorted) sortDescending(this.#pairs, length, this.#scratchFor(length));
    this.#sorted = true;
    return length;
  }

  /** Keeps the `count` greatest, in descending order. */
  keepTop(count: number): void {
    const size = Math.min(count, this.size);
    if (this.#listed === undefined) {
      this.#reserve(size);
      this.#listed = selectTop(this.#row, size, this.#pairs);
      this.#divideListed();
      this.#sorted = true;
    } else {
      this.#listed = Math.min(this.sort(), size);
    }
    this.#masked = size - this.#listed;
  }

  /**
   * Drops what cannot be among the likeliest tokens that make up `mass` of the probability, nor among the `atLeast`
   * likeliest; the rest is left to be sorted. Returns the sum of exp(logit - peak) before.
   */
  dropUnlikely(mass: number, atLeast: number): number {
    if (this.#listed !== undefined) return this.weigh().sum;
    const { sum, floor } = weighDown(this.#row, this.peak() * this.#divisor, this.#divisor, mass);
    this.keepFrom(floor / this.#divisor, atLeast);
    return sum;
  }

  /** Keeps those whose logit is at least `floor`, or the `atLeast` greatest where those are fewer. */
  keepFrom(floor: number, atLeast = 0): void {
    if (atLeast > 0 && this.#countFrom(floor) < atLeast) {
      this.keepTop(atLeast);
      return;
    }
    this.#dropBelow(floor);
    this.#masked = 0;
  }

  /** Sets those whose logit is below `floor` to -Infinity. */
  maskBelow(floor: number): void {
    const size = this.size;
    this.#masked = size - this.#dropBelow(floor);
  }

  /** Drops the first `count` of the sorted list. */
  dropFirst(count: number): void {
    const length = this.sort();
    this.ids.copyWithin(0, count, length);
    this.logits.copyWithin(0, count, length);
    this.#listed = length - count;
  }

  /** Keeps the candidates at these ascending places of the list. */
  keepPlaces(places: Int32Array): void {
    for (let i = 0; i < places.length; i++) {
      this.ids[i] = this.ids[places[i]!]!;
      this.logits[i] = this.logits[places[i]!]!;
    }
    this.#listed = places.length;
    this.#masked = 0;
  }

  /** exp(logit - peak) of the listed candidates, valid until the next call, and their sum. */
  weigh(): { weights: Float64Array; sum: number } {
    const length = this.list();
    if (this.#weights.length < length) this.#weights = new Float64Array(this.#pairs.keys.length);
    return { weights: this.#weights, sum: this.#weighInto(this.#weights, length) };
  }

  /**
   * The softmax of what is left, without tokens whose probability underflows to 0. In descending order of probability;
   * where more than half of the vocabulary is left it may be in order of id, for nobody should pay for sorting that.
   */
  law(): Distribution {
    const length = this.list();
    if (length <= this.#row.length / 2) this.sort();
    const ids = new Int32Array(length);
    const probabilities = new Float64Array(length);
    const sum = this.#weighInto(probabilities, length);
    let kept = 0;
    for (let i = 0; i < length; i++) {
      const probability = probabilities[i]! / sum;
      if (probability === 0) continue;
      probabilities[kept] = probability;
      ids[kept] = this.ids[i]!;
      kept++;
    }
    if (kept === length) return { ids, probabilities };
    return { ids: ids.subarray(0, kept), probabilities: probabilities.subarray(0, kept) };
  }

  #weighInto(weights: Float64Array, length: number): number {
    const peak = this.peak();
    const logits = this.logits;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const weight = Math.exp(logits[i]! - peak);
      weights[i] = weight;
      sum += weight;
    }
    return sum;
  }

  /** Makes a list of those that are at least `floor` and returns its length. */
  #dropBelow(floor: number): number {
    if (this.#listed === undefined) {
      this.#reserve(this.#row.length);
      this.#listed = selectFrom(this.#row, floor * this.#divisor, this.#pairs);
      this.#divideListed();
      return this.#listed;
    }
    let kept = 0;
    for (let i = 0; i < this.#listed; i++) {
      if (!(this.logits[i]! >= floor)) continue;
      this.ids[kept] = this.ids[i]!;
      this.logits[kept] = this.logits[i]!;
      kept++;
    }
    this.#listed = kept;
    return kept;
  }

  #countFrom(floor: number): number {
    const logits = this.#listed === undefined ? this.#row : this.logits;
    const least = this.#listed === undefined ? floor * this.#divisor : floor;
    const length = this.#listed ?? this.#row.length;
    let count = 0;
    for (let i = 0; i < length; i++) if (logits[i]! >= least) count++;
    return count;
  }

  #divideListed(): void {
    if (this.#divisor !== 1) for (let i = 0; i < this.#listed!; i++) this.logits[i]! /= this.#divisor;
  }

  /** Makes room for a list of `length`; what was listed is lost. */
  #reserve(length: number): void {
    if (this.#pairs.ids.length < length) this.#pairs = pairsOf(length);
  }

  #scratchFor(length: number): Pairs {
    if (this.#scratch.ids.length < length) this.#scratch = pairsOf(length);
    return this.#scratch;
  }
}
