import type { Context } from './backend.js';
import type { Job } from './cached-sequence.js';
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
}

/** A batch that is written into the context's rows and ready to decode. */
export interface PassPlan {
  readonly parts: readonly PassPart[];
  readonly count: number;
}

type StrictClass = Extract<RowClass, { kind: 'strict' }>;

/** Tokens that a job still has to evaluate. */
function leftOf(job: Job): number {
  return job.sequence.length - job.sequence.cached;
}

/**
 * Short jobs first, so that a long prompt never keeps a verification waiting; prompts fill up what is left of the batch,
 * a part at a time.
 */
export function planFree(jobs: readonly Job[], context: Context): PassPlan {
  const parts: PassPart[] = [];
  let count = 0;
  let outputs = 0;
  for (const job of [...jobs].sort((a, b) => leftOf(a) - leftOf(b))) {
    const room = context.batch - count;
    const tokens = chunkOf(job, room);
    const finishes = tokens === leftOf(job);
    if (tokens === 0 || (finishes && outputs + job.rows > context.outputs)) continue;
    parts.push({ job, tokens, firstRow: count, padding: 0 });
    writeRows(context, parts[parts.length - 1]!, finishes ? job.rows : 0);
    count += tokens;
    outputs += finishes ? job.rows : 0;
    if (count === context.batch) break;
  }
  return { parts, count };
}

/** As many tokens as fit, with all wanted rows in one batch: rows are read before the next pass. */
function chunkOf(job: Job, room: number): number {
  const left = leftOf(job);
  if (left <= room) return left;
  return Math.max(0, Math.min(room, left - job.rows));
}

/**
 * The first job's turn. A prompt chunk goes by itself, from one fixed border to the next; generated tokens go with those
 * of as many other sequences as fit, all padded to the same count of rows (others would be split into smaller passes).
 */
export function planStrict(jobs: readonly Job[], context: Context, rowClass: StrictClass): PassPlan {
  const inPrompt = ({ sequence }: Job): boolean => sequence.cached < sequence.options.promptLength;
  const first = jobs[0]!;
  if (inPrompt(first)) return planPromptChunk(first, context);
  return planGenerated(
    jobs.filter((job) => !inPrompt(job)),
    context,
    rowClass,
  );
}

function planPromptChunk(job: Job, context: Context): PassPlan {
  const { cached, length, options } = job.sequence;
  const border = (Math.floor(cached / STRICT_CHUNK) + 1) * STRICT_CHUNK;
  const tokens = Math.min(border, options.promptLength, length) - cached;
  const part = { job, tokens, firstRow: 0, padding: 0 };
  writeRows(context, part, cached + tokens === length ? job.rows : 0);
  return { parts: [part], count: tokens };
}

function planGenerated(jobs: readonly Job[], context: Context, { multiple, sequences }: StrictClass): PassPlan {
  const most = Math.min(STRICT_ROWS, context.batch, context.outputs);
  const chosen: Job[] = [];
  let rows = 0;
  for (const job of sequences === 'together' ? jobs : jobs.slice(0, 1)) {
    const wider = Math.max(rows, paddedRows(Math.min(leftOf(job), most), multiple));
    if (wider * (chosen.length + 1) > most && chosen.length > 0) break;
    chosen.push(job);
    rows = wider;
  }
  const parts = chosen.map((job, i) => {
    const tokens = chunkOf(job, rows);
    const part = { job, tokens, firstRow: i * rows, padding: rows - tokens };
    // Rows without logits would leave the class in the last layer and the output: all rows ask for them.
    writeRows(context, part, tokens);
    return part;
  });
  return { parts, count: rows * chosen.length };
}

/** Writes a part's tokens and its padding; the last `outputs` tokens, and padding always, ask for logits. */
function writeRows(context: Context, { job, tokens, firstRow, padding }: PassPart, outputs: number): void {
  const { token, position, sequence, output } = context.rows;
  const { cached, id, tokens: all } = job.sequence;
  for (let i = 0; i < tokens + padding; i++) {
    const row = firstRow + i;
    token[row] = all[Math.min(cached + i, cached + tokens - 1)]!;
    position[row] = cached + i;
    sequence[row] = id;
    output[row] = i >= tokens - outputs ? 1 : 0;
  }
}
