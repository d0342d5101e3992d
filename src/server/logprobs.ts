import type { TokenLogprob } from '../engine/events.js';
import type { Token } from '../speculative/index.js';

const decoder = new TextDecoder();

interface LogprobEntry {
  readonly id: Token;
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

/** OpenAI's `logprobs.content` of a chat, with the ids that llama-server adds. */
export function chatLogprobs(logprobs: readonly TokenLogprob[]) {
  return {
    content: logprobs.map((logprob) => ({ ...entry(logprob), top_logprobs: logprob.top.map(entry) })),
    refusal: null,
  };
}

/**
 * Log-probabilities of a plain completion in both shapes that clients read: OpenAI's legacy lists, and `content` as in a chat.
 * @param offset where the first token begins in the text
 */
export function completionLogprobs(logprobs: readonly TokenLogprob[], offset: number) {
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
}): LogprobEntry {
  return { id: token, token: decoder.decode(bytes), logprob: finite(logprob), bytes: [...bytes] };
}

/** JSON has no -Infinity, which is what an impossible token has; llama-server and OpenAI send a number as low as this. */
function finite(logprob: number): number {
  return Math.max(logprob, -9999);
}
