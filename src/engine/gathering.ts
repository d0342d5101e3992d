import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from './backend.js';
import type { CachedSequence, Job } from './cached-sequence.js';
import type { PassClock } from './pass-clock.js';
import type { RowClass } from './row-class.js';

/** A first pass waits for others that are about to come for this share of its time, and at most so many milliseconds. */
const SHARE = 0.02;
const MOST_MS = 20;
/** Timers are no finer. */
const LEAST_MS = 1;

export interface Gathering {
  readonly context: Pick<Context, 'sequences' | 'batch'>;
  readonly rowClass: RowClass;
  /** Sequences in use, and what they want of the pass that is about to begin. */
  readonly open: ReadonlySet<CachedSequence>;
  readonly jobs: ReadonlySet<Job>;
  readonly clock: Pick<PassClock, 'longest'>;
}

/**
 * Whoever sends several requests at once sends them one after the other, and those that miss a long first pass wait for all of
 * it: while others come, it waits a moment for the next.
 */
export async function othersToCome(gathering: Gathering): Promise<void> {
  const { jobs, clock, context } = gathering;
  for (let known = 0; jobs.size > known && mayGather(gathering); ) {
    known = jobs.size;
    const rows = [...jobs].reduce((sum, { sequence }) => sum + sequence.length - sequence.cached, 0);
    const ms = Math.min(MOST_MS, SHARE * (clock.longest(Math.min(rows, context.batch)) ?? 0));
    if (ms < LEAST_MS) return;
    await delay(ms);
  }
}

/** Prompts alone, which share a pass where nothing strict decides, and places for more of them. */
function mayGather({ open, jobs, context, rowClass }: Gathering): boolean {
  if (rowClass.kind === 'strict' || open.size >= context.sequences || open.size > jobs.size) return false;
  return [...jobs].every(({ sequence }) => !sequence.isGenerating);
}
