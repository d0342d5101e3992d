import type { BatchRows, Context } from '../../engine/backend.js';
import type { Token } from '../../speculative/index.js';

/** Appends tokens to a sequence in one pass and returns the logits of the last, as a copy. */
export async function append(
  context: Context,
  sequence: number,
  from: number,
  tokens: readonly Token[],
): Promise<Float32Array> {
  fillRows(context, sequence, from, tokens);
  const result = await context.decode(tokens.length);
  if (result !== 'done') throw new Error(`the pass ended as ${result}`);
  return context.logits(tokens.length - 1).slice();
}

/** Fills the rows of one sequence, and returns them; only the last asks for logits. */
export function fillRows(context: Context, sequence: number, from: number, tokens: readonly Token[]): BatchRows {
  const { rows } = context;
  for (const [i, token] of tokens.entries()) {
    rows.token[i] = token;
    rows.position[i] = from + i;
    rows.sequence[i] = sequence;
    rows.output[i] = i === tokens.length - 1 ? 1 : 0;
  }
  return rows;
}

export function best(logits: Float32Array): Token {
  return logits.reduce((top, logit, token) => (logit > logits[top]! ? token : top), 0);
}
