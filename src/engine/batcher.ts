/**
 * One batcher a context: it gathers what all live sequences want and runs one decode for them, as a data loader gathers
 * keys. Whoever calls `Sequence.evaluate` never sees it. Rows are lent: they are read before the next pass begins.
 */
import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises';
import { OutriderError } from '../errors.js';
import type { Others, Row, Token } from '../speculative/index.js';
import type { Context } from './backend.js';
import { CachedSequence, type Job, type SequenceOptions } from './cached-sequence.js';
import type { Cores } from './cores.js';
import { othersToCome } from './gathering.js';
import { companionsOf, mostRows, type PassPart, type PassPlan, planPass, rowsShown } from './pass.js';
import { PassClock, type PassUnderWay } from './pass-clock.js';
import { abortedError } from './places.js';
import type { RowClass } from './row-class.js';
import type { SlotStatus } from './service.js';
import { Slots } from './slots.js';
import { SlotMoves } from './slots-moves.js';
import { isMoved, type Reuse, reuseOf } from './slots-reuse.js';
import type { StateStore } from './state-store.js';

/** Passes that run in place keep the event loop waiting; after this long it gets a turn. */
const TURN_MS = 4;
/**
 * Prompt rows of a pass while others generate: they wait for it. Kernels are about as fast a row with 128 as with 512,
 * and the wait is a quarter.
 */
const LIVE_TEXT_ROWS = 128;
/** A sequence that had no part in so many passes is not reckoned with: its client may not be reading. */
const RECENT_PASSES = 8;
/** Shorter texts are evaluated again sooner than they are saved and restored. */
const LEAST_SAVED = 64;

/** A sequence of the context. */
export type CacheSlot = Pick<SlotStatus, 'id' | 'state' | 'cachedTokens'>;

export interface BatcherOptions {
  readonly context: Context;
  readonly cores: Cores;
  readonly rowClass: RowClass;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** Keeps the cells of those whose slots others take. */
  readonly store: StateStore;
}

export class Batcher {
  readonly #options: BatcherOptions;
  readonly #slots: Slots;
  readonly #open = new Set<CachedSequence>();
  readonly #reuse: Reuse;
  readonly #moves: SlotMoves;
  readonly #clock: PassClock;
  /** In the order in which they came or were last served. */
  readonly #jobs = new Set<Job>();
  #passes = 0;
  #state: 'idle' | 'running' = 'idle';
  #run: Promise<void> = Promise.resolve();
  #lastTurn: number;
  /** Ends the wait for those who are announced. */
  #wake: () => void = () => {};

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#reuse = reuseOf(options.rowClass, options.context);
    this.#slots = new Slots(options.context.sequences, this.#reuse);
    this.#moves = new SlotMoves(options.context, options.store, this);
    this.#clock = new PassClock(options.now);
    this.#lastTurn = options.now();
  }

  /**
   * A new sequence. It holds already what the cache has of the beginning of `text`, the tokens that are going to be
   * evaluated first; never all of them.
   * @throws Error when all sequences of the context are in use: the engine's places prevent that
   */
  open(options: SequenceOptions, text: readonly Token[] = []): CachedSequence {
    const { store } = this.#options;
    const wanted = { tokens: text, promptLength: options.promptLength, reuse: options.reuse ?? 'in place' } as const;
    const found = store.find(this, wanted, this.#reuse);
    const slot = this.#slots.acquire(wanted, found?.reusable.length);
    if (slot === undefined)
      throw new Error(`all ${this.#options.context.sequences} sequences of the context are in use`);
    const { id, copyOf, lost } = slot;
    const isSettled = this.#moves.isSettled(id);
    const saved = found !== undefined && found.reusable.length > slot.reusable.length && isSettled ? found : undefined;
    if (lost !== undefined && lost.tokens.length >= LEAST_SAVED && isSettled && !store.isOff)
      this.#moves.save(id, lost);
    if (copyOf !== undefined) this.#moves.copy(copyOf, id);
    const { length, inPlace, ranges } = saved?.reusable ?? slot.reusable;
    const sequence = new CachedSequence(
      id,
      options,
      { tokens: text.slice(0, length), inPlace },
      (job) => this.#submit(job),
      (closed) => this.#release(closed),
    );
    if (saved !== undefined) this.#moves.restore(sequence, saved);
    else if (isMoved(slot.reusable)) this.#moves.compact(id, ranges);
    this.#open.add(sequence);
    return sequence;
  }

  /** Sequences other than this one that had rows in passes lately: what a row more is to be priced on top of. */
  othersOf(sequence: CachedSequence): Others {
    const live = [...this.#open].filter(
      (other) => other !== sequence && other.isGenerating && this.#passes - other.lastPass < RECENT_PASSES,
    );
    return { requests: live.length, rows: live.reduce((sum, { lastRows }) => sum + lastRows, 0) };
  }

  /** All sequences of the context, by id: tokens that each has in the cache, and whether somebody uses it. */
  get slots(): readonly CacheSlot[] {
    const idle = this.#slots.idle.map(({ id, tokens }) => ({
      id,
      state: 'idle' as const,
      cachedTokens: tokens.length,
    }));
    const busy = [...this.#open].map(({ id, cached }) => ({ id, state: 'busy' as const, cachedTokens: cached }));
    return [...idle, ...busy].sort((a, b) => a.id - b.id);
  }

  /** The pass that is running. */
  get pass(): PassUnderWay | undefined {
    return this.#clock.underWay;
  }

  /** The most rows of a sequence behind its prompt whose logits come out of one pass. */
  get rowsShown(): number {
    return rowsShown(this.#options.context, this.#options.rowClass);
  }

  /** Resolves when no pass is running. */
  idle(): Promise<void> {
    return this.#run;
  }

  #release(sequence: CachedSequence): void {
    this.#open.delete(sequence);
    this.#wake();
    const jobs = [...this.#jobs].filter((job) => job.sequence === sequence);
    this.#fail(jobs, new OutriderError('closed', 'the sequence was closed while it was evaluated'));
    if (this.#moves.forget(sequence)) sequence.holdsNothing();
    this.#slots.release(sequence.id, sequence.cacheText);
  }

  #submit(job: Job): void {
    const { context, rowClass } = this.#options;
    const most = mostRows(job.sequence, context, rowClass);
    if (job.rows > most) {
      job.fail(new RangeError(`evaluate: at most ${most} rows of these tokens can be read, got ${job.rows}`));
      return;
    }
    job.since = this.#options.now();
    this.#jobs.add(job);
    this.#wake();
    if (this.#state === 'running') return;
    this.#state = 'running';
    this.#run = this.#work();
  }

  /** Never rejects: what fails is told to the jobs. */
  async #work(): Promise<void> {
    const { context, rowClass, cores } = this.#options;
    await othersToCome({ context, rowClass, open: this.#open, jobs: this.#jobs, clock: this.#clock });
    while (this.#jobs.size > 0) {
      if (this.#owesTurn()) {
        await turnOfTheEventLoop();
        this.#lastTurn = this.#options.now();
      }
      while (this.#jobs.size > 0 && this.#isIncomplete()) {
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
      const { threads } = context;
      await cores.take(threads);
      try {
        this.#dropAborted();
        if (this.#jobs.size > 0) await this.#pass();
      } finally {
        cores.give(threads);
      }
    }
    this.#state = 'idle';
  }

  /** Other sequences of this turn of the event loop may join, and the event loop must not starve. */
  #owesTurn(): boolean {
    return this.#open.size > this.#jobs.size || this.#options.now() - this.#lastTurn >= TURN_MS;
  }

  /**
   * Whether a pass is about to leave somebody behind who was in the last one and comes again as soon as its draft is made:
   * two passes in place of one would cost all of them more than the wait. A first draft is not waited for: reading a prompt
   * may take long.
   */
  #isIncomplete(): boolean {
    const { rowClass } = this.#options;
    if (rowClass.kind === 'strict' && rowClass.sequences === 'alone') return false;
    for (const { isAnnounced, lastPass, length, options } of this.#open) {
      if (isAnnounced && lastPass === this.#passes && length > options.promptLength) return true;
    }
    return false;
  }

  #dropAborted(): void {
    for (const job of this.#jobs) if (job.sequence.options.signal?.aborted) this.#fail([job], abortedError());
  }

  async #pass(): Promise<void> {
    const { context, rowClass } = this.#options;
    let plan: PassPlan | undefined;
    try {
      // Somebody may have asked for more by the time that this goes on.
      while (!this.#moves.isEmpty) {
        this.#clock.begin(0);
        await this.#moves.run();
        this.#clock.end();
      }
      if (this.#jobs.size === 0) return;
      const now = this.#options.now();
      this.#trim();
      plan = planPass([...this.#jobs], context, rowClass, this.#textRows());
      this.#passes += 1;
      for (const job of this.#jobs) job.passedOver += 1;
      for (const part of plan.parts) part.job.sequence.lastCompanions = companionsOf(part, plan, now);
      this.#clock.begin(plan.count);
      const pending = context.decode(plan.count);
      const result = typeof pending === 'string' ? pending : await pending;
      this.#clock.end();
      // While it ran elsewhere, the event loop went on.
      if (typeof pending !== 'string') this.#lastTurn = this.#options.now();
      this.#moves.passed();
      if (result !== 'done') {
        throw new OutriderError('backend_failed', `a pass of ${plan.count} rows ended with '${result}'`);
      }
    } catch (error) {
      this.#clock.end();
      this.#fail(plan?.parts.map(({ job }) => job) ?? [...this.#jobs], error);
      return;
    }
    for (const part of plan.parts) {
      try {
        this.#deliver(part);
      } catch (error) {
        this.#fail([part.job], error);
      }
    }
  }

  /** Nobody is kept waiting by a whole batch of somebody else's prompt. */
  #textRows(): number {
    const { batch } = this.#options.context;
    if (this.#open.size === 1) return batch;
    const isLive = [...this.#open].some(({ isGenerating }) => isGenerating);
    return isLive ? Math.min(batch, LIVE_TEXT_ROWS) : batch;
  }

  #deliver({ job, tokens, firstRow, padding }: PassPart): void {
    // Not there: closed while the pass ran. Its job has failed, and whoever gets its slot drops the new cells first.
    if (!this.#jobs.delete(job)) return;
    const { sequence } = job;
    sequence.cached += tokens;
    sequence.evaluated += tokens;
    sequence.lastRows = tokens + padding;
    sequence.lastPass = this.#passes;
    if (padding > 0) sequence.trimPending = true;
    if (sequence.cached < sequence.length) {
      job.passedOver = 0;
      job.since = this.#options.now();
      this.#jobs.add(job);
      sequence.options.onProgress?.(sequence.cached, sequence.length, sequence.reused);
      return;
    }
    const rows: Row[] = [];
    for (let i = tokens - job.rows; i < tokens; i++) rows.push(this.#options.context.logits(firstRow + i));
    job.finish(rows);
  }

  #fail(jobs: readonly Job[], error: unknown): void {
    for (const job of jobs) {
      this.#jobs.delete(job);
      job.fail(error);
    }
  }

  /** Brings the cache in line with what was opened, rewound and padded since the last pass. */
  #trim(): void {
    const { context } = this.#options;
    for (const sequence of this.#open) {
      if (!sequence.trimPending) continue;
      // A cache that cannot drop a part (recurrent, hybrid) drops all and is evaluated again with the next tokens.
      if (!context.trim(sequence.id, sequence.cached)) {
        context.trim(sequence.id, 0);
        sequence.holdsNothing();
      }
      sequence.trimPending = false;
    }
  }
}
