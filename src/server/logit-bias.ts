/** Biases of tokens as clients write them: `{"15": -100}`, `[[15, -100], ["text", false]]`. */
import { z } from 'zod';
import type { EngineService } from '../engine/service.js';
import type { Token } from '../speculative/index.js';
import { expected, optional } from './fields.js';

/** A number is added to the logit; `false` bans. */
const bias = z.union([z.number(), z.literal(false)], { error: expected('a number or false') });

export const logitBiasField = optional(
  z.union([z.record(z.string(), bias), z.array(z.tuple([z.union([z.number(), z.string()]), bias]))], {
    error: expected('an object of token ids with numbers, or a list of pairs'),
  }),
);
type LogitBiasField = z.output<typeof logitBiasField>;

/** What it takes to read fields whose meaning depends on the models. */
export type ServedModels = Pick<EngineService, 'tokenize' | 'description'>;

/** What is added to which token. A key that is no number is a text, and means all of its tokens. */
export async function readLogitBias(
  field: LogitBiasField,
  tokenizer: Pick<EngineService, 'tokenize'>,
): Promise<ReadonlyMap<Token, number>> {
  const biases = new Map<Token, number>();
  const pairs = Array.isArray(field) ? field : Object.entries(field ?? {});
  for (const [key, value] of pairs) {
    for (const token of await tokensOf(key, tokenizer))
      biases.set(token, value === false ? Number.NEGATIVE_INFINITY : value);
  }
  return biases;
}

async function tokensOf(key: string | number, tokenizer: Pick<EngineService, 'tokenize'>): Promise<readonly Token[]> {
  const id = Number(key);
  if (typeof key === 'number' || /^\d+$/.test(key)) return [id];
  const { tokens } = await tokenizer.tokenize({ text: key }, { addSpecial: false, parseSpecial: false });
  return tokens;
}
