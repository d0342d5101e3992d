import type { Sampler, Sequence, Token } from '../speculative/index.js';

/** Rows that are looked at in one pass: every context and every row class has so many. */
const ROWS = 8;

export interface Replay {
  readonly target: Sequence;
  readonly sampler: Sampler;
  /** The prompt; `tokens` are appended. `target` holds a proper prefix of it. */
  readonly context: Token[];
  /** What was generated behind it before. */
  readonly tokens: readonly Token[];
}

/**
 * Brings a sampler whose state follows from the laws of its draws (Mirostat) to where it was behind `tokens`: their rows
 * are computed again and each is pushed as what was drawn. The target then holds the context without its last token.
 */
export async function replay({ target, sampler, context, tokens }: Replay): Promise<void> {
  // Behind a prompt only one row can be had.
  for (let next = 0, count = 1; next < tokens.length; next += count, count = ROWS) {
    const drawn = tokens.slice(next, next + count);
    const batch = [...context.slice(target.length), ...drawn.slice(0, -1)];
    await target.evaluate(batch, drawn.length, (rows) => {
      for (const [i, token] of drawn.entries()) {
        sampler.law(rows[i]!);
        sampler.push(token);
      }
    });
    context.push(...drawn);
  }
}
