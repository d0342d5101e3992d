import { z } from 'zod';
import type { TokenLogprob } from '../engine/events.js';
import type { Token } from '../speculative/index.js';
import { count, listOf, token } from './engine-schemas.js';

const decoder = new TextDecoder();

const entrySchema = z.object({
  id: token,
  token: z.string(),
  logprob: z.number(),
  bytes: listOf(z.int().min(0).max(255)),
});

export const logprobContentSchema = listOf(entrySchema.extend({ top_logprobs: listOf(entrySchema) }));

export const chatLogprobsSchema = z.object({ content: logprobContentSchema, refusal: z.null() });

export const completionLogprobsSchema = z.object({
  tokens: listOf(z.string()),
  token_logprobs: listOf(z.number()),
  top_logprobs: listOf(z.record(z.string(), z.number())),
  text_offset: listOf(count),
  content: logprobContentSchema,
});

/** OpenAI's `logprobs.content` of a chat, with the ids that llama-server adds. */
export function chatLogprobs(logprobs: readonly TokenLogprob[]): z.output<typeof chatLogprobsSchema> {
  return {
    content: logprobs.map((logprob) => ({ ...entry(logprob), top_logprobs: logprob.top.map(entry) })),
    refusal: null,
  };
}

/**
 * Log-probabilities of a plain completion in both shapes that clients read: OpenAI's legacy lists, and `content` as in a chat.
 * @param offset where the first token begins in the text
 */
export function completionLogprobs(
  logprobs: readonly TokenLogprob[],
  offset: number,
): z.output<typeof completionLogprobsSchema> {
  const { content } = chatLogprobs(logprobs);
  let next = offset;
  return {
    tokens: content.map(({ token }) => token),
    token_logprobs: content.map(({ logprob }) => logprob),
    top_logprobs: content.map(({ top_logprobs }) =>
      Object.fromEntries(top_logprobs.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: content.map(({ token }) => {
      const at = next;
      next += token.length;
      return at;
    }),
    content,
  };
}

function entry({
  token,
  bytes,
  logprob,
}: {
  readonly token: Token;
  readonly bytes: Uint8Array;
  readonly logprob: number;
}): z.output<typeof entrySchema> {
  return { id: token, token: decoder.decode(bytes), logprob: finite(logprob), bytes: [...bytes] };
}

/** JSON has no -Infinity, which is what an impossible token has; llama-server and OpenAI send a number as low as this. */
function finite(logprob: number): number {
  return Math.max(logprob, -9999);
}
