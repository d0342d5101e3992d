/** Texts that may not appear in an answer: `banned_strings`, which KoboldCpp calls `banned_tokens`. */
import { z } from 'zod';
import { expected, optional } from './fields.js';

const texts = optional(z.array(z.string(), { error: expected('a list of texts') }));

/** Fields to spread into the schema of a request. */
export const bannedTextFields = { banned_tokens: texts, banned_strings: texts };

interface Fields {
  readonly banned_tokens?: readonly string[] | undefined;
  readonly banned_strings?: readonly string[] | undefined;
}

/** Undefined where none is banned; an empty text bans nothing. */
export function bannedTexts({ banned_tokens = [], banned_strings = [] }: Fields): readonly string[] | undefined {
  const banned = [...banned_tokens, ...banned_strings].filter((text) => text !== '');
  return banned.length > 0 ? banned : undefined;
}
