/**
 * One batcher a context: it gathers what all live sequences want and runs one decode for them, as a data loader gathers
 * keys. Whoever calls `Sequence.evaluate` never sees it. Rows are lent: they are read before the next pass begins.
 */
import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises';
import { OutriderError } from '../errors.js';
import type { Row } from '../speculative/index.js';
import type { Context } from './backend.js';
import { CachedSequence, type Job, type SequenceOptions } from './cached-sequence.js';
import type { Cores } from './cores.js';
import { mostRows, type PassPart, type PassPlan, planPass } from './pass.js';
import { abortedError } from './places.js';
import type { RowClass } from './row-class.js';

/** Passes that run in place keep the event loop waiting; after this long it gets a turn. */
const TURN_MS = 4;

export interface BatcherOptions {
  readonly context: Context;
  readonly cores: Cores;
  readonly rowClass: RowClass;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

export class Batcher {
  readonly #options: BatcherOptions;
  readonly #freeIds: number[];
  readonly #open = new Set<CachedSequence>();
  /** Ids whose cells belong to a sequence that was closed. */
  readonly #dirtyIds = new Set<number>();
  /** In the order in which they came or were last served. */
  readonly #jobs = new Set<Job>();
  #state: 'idle' | 'running' = 'idle';
  #run: Promise<void> = Promise.resolve();
  #lastTurn: number;

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#freeIds = Array.from({ length: options.context.sequences }, (_, id) => id);
    this.#lastTurn = options.now();
  }

  /**
   * A new, empty sequence.
   * @throws Error when all sequences of the context are in use: the engine's places prevent that
   */
  open(options: SequenceOptions): CachedSequence {
    const id = this.#freeIds.shift();
    if (id === undefined) throw new Error(`all ${this.#options.context.sequences} sequences of the context are in use`);
    const sequence = new CachedSequence(
      id,
      options,
      (job) => this.#submit(job),
      (closed) => this.#release(closed),
    );
    this.#open.add(sequence);
    return sequence;
  }

  /** Resolves when no pass is running. */
  idle(): Promise<void> {
    return this.#run;
  }

  #release(sequence: CachedSequence): void {
    this.#open.delete(sequence);
    const jobs = [...this.#jobs].filter((job) => job.sequence === sequence);
    this.#fail(jobs, new OutriderError('closed', 'the sequence was closed while it was evaluated'));
    this.#dirtyIds.add(sequence.id);
    this.#freeIds.push(sequence.id);
  }

  #submit(job: Job): void {
    const { context, rowClass } = this.#options;
    const most = mostRows(job.sequence, context, rowClass);
    if (job.rows > most) {
      job.fail(new RangeError(`evaluate: at most ${most} rows of these tokens can be read, got ${job.rows}`));
      return;
    }
    this.#jobs.add(job);
    if (this.#state === 'running') return;
    this.#state = 'running';
    this.#run = this.#work();
  }

  /** Never rejects: what fails is told to the jobs. */
  async #work(): Promise<void> {
    const { context, cores } = this.#options;
    while (this.#jobs.size > 0) {
      if (this.#owesTurn()) {
        await turnOfTheEventLoop();
        this.#lastTurn = this.#options.now();
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

  #dropAborted(): void {
    for (const job of this.#jobs) if (job.sequence.options.signal?.aborted) this.#fail([job], abortedError());
  }

  async #pass(): Promise<void> {
    const { context, rowClass } = this.#options;
    let plan: PassPlan | undefined;
    try {
      this.#trim();
      plan = planPass([...this.#jobs], context, rowClass);
      for (const job of this.#jobs) job.passedOver += 1;
      const pending = context.decode(plan.count);
      const result = typeof pending === 'string' ? pending : await pending;
      if (result !== 'done') {
        throw new OutriderError('backend_failed', `a pass of ${plan.count} rows ended with '${result}'`);
      }
    } catch (error) {
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

  #deliver({ job, tokens, firstRow, padding }: PassPart): void {
    // Not there: closed while the pass ran. Its job has failed, and its id is dirty.
    if (!this.#jobs.delete(job)) return;
    const { sequence } = job;
    sequence.cached += tokens;
    if (padding > 0) sequence.trimPending = true;
    if (sequence.cached < sequence.length) {
      job.passedOver = 0;
      this.#jobs.add(job);
      sequence.options.onProgress?.(sequence.cached, sequence.length);
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

  /** Brings the cache in line with what was rewound, closed and padded since the last pass. */
  #trim(): void {
    const { context } = this.#options;
    for (const id of this.#dirtyIds) {
      context.trim(id, 0);
      this.#dirtyIds.delete(id);
    }
    for (const sequence of this.#open) {
      if (!sequence.trimPending) continue;
      // A cache that cannot drop a part (recurrent, hybrid) drops all and is evaluated again with the next tokens.
      if (!context.trim(sequence.id, sequence.cached)) {
        context.trim(sequence.id, 0);
        sequence.cached = 0;
      }
      sequence.trimPending = false;
    }
  }
}
