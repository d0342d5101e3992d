/**
 * One batcher a context: it gathers what all live sequences want and runs one decode for them, as a data loader gathers
 * keys. Whoever calls `Sequence.evaluate` never sees it. Rows are lent: they are read before the next pass begins.
 */
import { OutriderError } from '../errors.js';
import type { Row } from '../speculative/index.js';
import type { Context } from './backend.js';
import { CachedSequence, type Job, type SequenceOptions } from './cached-sequence.js';
import type { Cores } from './cores.js';
import { type PassPlan, planFree, planStrict } from './pass.js';
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
  readonly #dirtyIds = new Set<number>();
  #jobs: Job[] = [];
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
    const jobs = this.#jobs.filter((job) => job.sequence === sequence);
    this.#jobs = this.#jobs.filter((job) => job.sequence !== sequence);
    for (const job of jobs) job.fail(new OutriderError('closed', 'the sequence was closed while it was evaluated'));
    this.#dirtyIds.add(sequence.id);
    this.#freeIds.push(sequence.id);
  }

  #submit(job: Job): void {
    this.#jobs.push(job);
    if (this.#state === 'running') return;
    this.#state = 'running';
    this.#run = this.#work();
  }

  async #work(): Promise<void> {
    const { context, cores } = this.#options;
    while (this.#jobs.length > 0) {
      await this.#gather();
      this.#dropAborted();
      if (this.#jobs.length === 0) break;
      if (!cores.tryTake(context.threads)) await cores.take(context.threads);
      try {
        await this.#pass();
      } finally {
        cores.give(context.threads);
      }
    }
    this.#state = 'idle';
  }

  /** Lets other sequences of this turn of the event loop join, and the event loop have its turns. */
  async #gather(): Promise<void> {
    const now = this.#options.now();
    const others = this.#open.size > this.#jobs.length;
    if (!others && now - this.#lastTurn < TURN_MS) return;
    await new Promise(setImmediate);
    this.#lastTurn = this.#options.now();
  }

  #dropAborted(): void {
    for (const job of this.#jobs.filter(({ sequence }) => sequence.options.signal?.aborted)) {
      this.#jobs.splice(this.#jobs.indexOf(job), 1);
      job.fail(abortedError());
    }
  }

  async #pass(): Promise<void> {
    const { context, rowClass } = this.#options;
    let plan: PassPlan | undefined;
    try {
      this.#trim();
      plan = rowClass.kind === 'free' ? planFree(this.#jobs, context) : planStrict(this.#jobs, context, rowClass);
      const pending = context.decode(plan.count);
      const result = typeof pending === 'string' ? pending : await pending;
      if (result !== 'done')
        throw new OutriderError('backend_failed', `a pass of ${plan.count} rows ended with '${result}'`);
    } catch (error) {
      this.#fail(plan?.parts.map(({ job }) => job) ?? [...this.#jobs], error);
      return;
    }
    for (const part of plan.parts) this.#deliver(part);
  }

  #deliver({ job, tokens, firstRow, padding }: PassPlan['parts'][number]): void {
    const { sequence } = job;
    // Closed while the pass ran: its id is dirty and its job was failed.
    if (!this.#jobs.includes(job)) return;
    sequence.cached += tokens;
    if (padding > 0) sequence.trimPending = true;
    if (sequence.cached < sequence.length) {
      // The rest waits its turn behind the others.
      this.#jobs.push(...this.#jobs.splice(this.#jobs.indexOf(job), 1));
      sequence.options.onProgress?.(sequence.cached, sequence.length);
      return;
    }
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
    const rows: Row[] = [];
    for (let i = tokens - job.rows; i < tokens; i++) rows.push(this.#options.context.logits(firstRow + i));
    job.finish(rows);
  }

  #fail(jobs: readonly Job[], error: unknown): void {
    this.#jobs = this.#jobs.filter((job) => !jobs.includes(job));
    for (const job of jobs) {
      job.sequence.trimPending = true;
      job.fail(error);
    }
  }

  /** Brings the cache in line with what was rewound, closed and padded since the last pass. */
  #trim(): void {
    const { context } = this.#options;
    for (const id of this.#dirtyIds) context.trim(id, 0);
    this.#dirtyIds.clear();
    for (const sequence of this.#open) {
      if (!sequence.trimPending) continue;
      sequence.trimPending = false;
      if (context.trim(sequence.id, sequence.cached)) continue;
      // A cache that cannot drop a part (recurrent, hybrid) drops all and is evaluated again with the next tokens.
      context.trim(sequence.id, 0);
      sequence.cached = 0;
    }
  }
}
