import type { Companions } from '../speculative/index.js';
import type { BatchRows, Context } from './backend.js';
import { type CachedSequence, type Job, SHORT } from './cached-sequence.js';
import { paddedRows, type RowClass, STRICT_CHUNK, STRICT_ROWS } from './row-class.js';

/** What one decode does for one job. */
export interface PassPart {
  readonly job: Job;
  /** Tokens of the job in this pass. */
  readonly tokens: number;
  /** Batch row of the first of them. */
  readonly firstRow: number;
  /** Rows behind them that only fill up the row class; their cells are dropped afterwards. */
  readonly padding: number;
  /** How many of the last tokens ask for logits; padding always does. */
  readonly outputs: number;
}

/** A batch that is written into the context's rows and ready to decode. */
export interface PassPlan {
  readonly parts: readonly PassPart[];
  readonly count: number;
}

type StrictClass = Extract<RowClass, { kind: 'strict' }>;

/** A part before it has its place in the batch. */
type Share = Omit<PassPart, 'firstRow'>;

/**
 * Plans the next pass over `jobs`, which are in the order of their waiting, and writes it into the context's rows.
 *
 * @param textRows the most rows that long texts may take together, where nothing strict decides
 */
export function planPass(jobs: readonly Job[], context: Context, rowClass: RowClass, textRows: number): PassPlan {
  const shares =
    rowClass.kind === 'free' ? shareFreely(jobs, context, textRows) : shareStrictly(jobs, context, rowClass);
  return layOut(shares, context);
}

/** The most rows of a sequence behind its prompt that a pass can show. */
export function rowsShown(context: Context, rowClass: RowClass): number {
  return rowClass.kind === 'free' ? Math.min(context.batch, context.outputs) : strictRows(context, rowClass);
}

/** The most rows that a job may look at now: they come out of one pass. */
export function mostRows(sequence: CachedSequence, context: Context, rowClass: RowClass): number {
  const most = rowsShown(context, rowClass);
  if (rowClass.kind === 'free') return most;
  const generated = sequence.length - sequence.options.promptLength;
  // The last chunk of a prompt may be of one token.
  return generated > 0 ? Math.min(generated, most) : 1;
}

/** Who else is in a pass that is about to begin, beside those of the passes before it of the same evaluation. */
export function companionsOf(part: PassPart, { parts }: PassPlan, now: number): Companions {
  const { sequence, since } = part.job;
  let { requests, rows, promptRows, waitedMs } = sequence.lastCompanions;
  for (const other of parts) {
    if (other === part) continue;
    const count = other.tokens + other.padding;
    if (!other.job.sequence.isGenerating) promptRows += count;
    else {
      requests += 1;
      rows += count;
    }
  }
  waitedMs += now - since;
  return { requests, rows, promptRows, waitedMs };
}

/** Tokens that a job still has to evaluate. */
function leftOf(job: Job): number {
  return job.sequence.length - job.sequence.cached;
}

/** As many tokens as fit, with all wanted rows in one batch: rows are read before the next pass. */
function chunkOf(job: Job, room: number): number {
  const left = leftOf(job);
  if (left <= room) return left;
  return Math.max(0, Math.min(room, left - job.rows));
}

/** A prompt that found no room in so many passes goes before shorter ones once. */
const PATIENCE = 16;

/**
 * Short jobs first, so that a long prompt never keeps a verification waiting; prompts fill up what is left of the batch,
 * the one that is nearest to its end first: in turns all of several would end as late as the last. A short job that found
 * no room comes first in the next pass, a prompt later, so nobody waits for ever.
 */
function shareFreely(jobs: readonly Job[], context: Context, textRows: number): Share[] {
  const shares: Share[] = [];
  let rows = context.batch;
  let texts = textRows;
  let outputs = context.outputs;
  for (const job of [...jobs].sort((a, b) => urgencyOf(b) - urgencyOf(a) || leftOf(a) - leftOf(b))) {
    const isText = isLong(job);
    const tokens = chunkOf(job, isText ? Math.min(rows, texts) : rows);
    const wanted = tokens === leftOf(job) ? job.rows : 0;
    if (tokens === 0 || wanted > outputs) continue;
    shares.push({ job, tokens, padding: 0, outputs: wanted });
    rows -= tokens;
    if (isText) texts -= tokens;
    outputs -= wanted;
  }
  return shares;
}

function urgencyOf(job: Job): number {
  return isLong(job) ? Math.floor(job.passedOver / PATIENCE) : job.passedOver;
}

function isLong(job: Job): boolean {
  return leftOf(job) > SHORT;
}

/**
 * The first job's turn. A prompt chunk goes by itself, from one fixed border to the next; generated tokens go with those
 * of as many other sequences as fit, all padded to the same count of rows (others would be split into smaller passes).
 */
function shareStrictly(jobs: readonly Job[], context: Context, rowClass: StrictClass): Share[] {
  const inPrompt = ({ sequence }: Job): boolean => sequence.cached < sequence.options.promptLength;
  const first = jobs[0]!;
  if (inPrompt(first)) return [promptChunk(first, context)];
  const generated = jobs.filter((job) => !inPrompt(job));
  return shareGenerated(rowClass.sequences === 'together' ? generated : [first], context, rowClass);
}

function promptChunk(job: Job, context: Context): Share {
  const { cached, length, options } = job.sequence;
  const chunk = Math.min(STRICT_CHUNK, context.batch);
  const border = (Math.floor(cached / chunk) + 1) * chunk;
  const tokens = Math.min(border, options.promptLength, length) - cached;
  return { job, tokens, padding: 0, outputs: cached + tokens === length ? job.rows : 0 };
}

function shareGenerated(jobs: readonly Job[], context: Context, rowClass: StrictClass): Share[] {
  const most = strictRows(context, rowClass);
  const chosen: Job[] = [];
  let rows = 0;
  for (const job of jobs) {
    const wider = Math.max(rows, paddedRows(Math.min(leftOf(job), most), rowClass.multiple));
    if (wider * (chosen.length + 1) > most && chosen.length > 0) break;
    chosen.push(job);
    rows = wider;
  }
  return chosen.map((job) => {
    const tokens = chunkOf(job, rows);
    // Rows without logits would leave the class in the last layer and the output: all rows ask for them.
    return { job, tokens, padding: rows - tokens, outputs: tokens };
  });
}

/** The most rows of a strict pass, padding included. */
function strictRows({ batch, outputs }: Context, { multiple }: StrictClass): number {
  const most = Math.min(STRICT_ROWS, batch, outputs);
  return most - (most % multiple);
}

/** Sequences with ids that follow each other are computed together; others would be split into smaller passes. */
function layOut(shares: Share[], context: Context): PassPlan {
  shares.sort((a, b) => a.job.sequence.id - b.job.sequence.id);
  const parts: PassPart[] = [];
  let count = 0;
  for (const { job, tokens, padding, outputs } of shares) {
    const part = { job, tokens, firstRow: count, padding, outputs };
    writeRows(context.rows, part);
    parts.push(part);
    count += tokens + padding;
  }
  return { parts, count };
}

function writeRows(rows: BatchRows, { job, tokens, firstRow, padding, outputs }: PassPart): void {
  const { cached, id, tokens: all } = job.sequence;
  for (let i = 0; i < tokens + padding; i++) {
    const row = firstRow + i;
    rows.token[row] = all[Math.min(cached + i, cached + tokens - 1)]!;
    rows.position[row] = cached + i;
    rows.sequence[row] = id;
    rows.output[row] = i >= tokens - outputs ? 1 : 0;
  }
}
