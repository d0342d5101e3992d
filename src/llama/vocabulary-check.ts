import { setImmediate } from 'node:timers/promises';
import { OutriderError } from '../errors.js';
import type { Functions } from './abi/v0.5.0/index.js';
import { type GgufFile, withGguf } from './gguf.js';

/** Tokens read before the event loop gets its turn: some milliseconds. */
const TOKENS_AT_ONCE = 8192;

/** Tokenizers (tokenizer.ggml.model) of models that do not generate text. */
const OTHER_TASKS: ReadonlySet<unknown> = new Set(['none', 'no_vocab', 'bert']);
/** Tokenizers that fall back to a token for each byte, and end the process where one is missing. */
const BYTE_FALLBACK: ReadonlySet<unknown> = new Set(['llama', 'plamo2']);
/** Its tokens are made distinct by llama.cpp itself. */
const REPEATS_TOKENS: ReadonlySet<unknown> = new Set(['hybriddna']);

/**
 * Checks what llama.cpp asserts of a vocabulary, or finds out in the middle of a text: tokens are distinct, and byte
 * tokens complete where text falls back to them. One flipped bit in a token is enough for either.
 * @throws OutriderError model_invalid
 */
export async function checkVocabulary(functions: Functions, { path, metadata }: GgufFile): Promise<void> {
  const refuse = (what: string) => {
    throw new OutriderError('model_invalid', `${path} ${what}`, { path });
  };
  const model = metadata.get('tokenizer.ggml.model');
  if (OTHER_TASKS.has(model))
    return refuse(`has the tokenizer '${model}', which is not one of a text generation model`);
  const tokens = metadata.get('tokenizer.ggml.tokens');
  if (typeof tokens !== 'object' || tokens.arrayOf !== 'string') return;

  const { repeated, missingByte } = await withGguf(functions, path, async (file) => {
    const key = functions.gguf_find_key(file, 'tokenizer.ggml.tokens');
    const seen = new Set<string>();
    let repeated: string | undefined;
    for (let i = 0; i < tokens.length; i++) {
      if (i % TOKENS_AT_ONCE === 0) await setImmediate();
      const token = functions.gguf_get_arr_str(file, key, i);
      // llama.cpp numbers empty tokens to tell them apart.
      if (token !== '' && seen.has(token)) repeated = token;
      seen.add(token);
    }
    return { repeated, missingByte: firstMissingByte(seen) };
  });
  if (repeated !== undefined && !REPEATS_TOKENS.has(model)) {
    return refuse(`is damaged: its vocabulary holds ${JSON.stringify(repeated)} twice; download it again`);
  }
  if (missingByte !== undefined && BYTE_FALLBACK.has(model)) {
    return refuse(`is damaged: its vocabulary lacks the byte token ${missingByte}; download it again`);
  }
}

function firstMissingByte(tokens: ReadonlySet<string>): string | undefined {
  return Array.from({ length: 256 }, (_, byte) => byte)
    .filter((byte) => !(byte < 0x80 && tokens.has(String.fromCharCode(byte))))
    .map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
    .find((token) => !tokens.has(token));
}
