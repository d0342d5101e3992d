import type { Chat, Message } from './chat.js';
import type { AnswerToken } from './frames.js';
import { partsOf } from './reasoning.js';

/** What an answer goes on behind: its tokens where they are known, else its text. */
export type Resume = string | readonly AnswerToken[];

/** The body of POST /api/outrider/generate that answers `messages` in a chat. */
export function requestBody({ system, settings }: Chat, messages: readonly Message[], resume?: Resume): object {
  const { mode, draftMax, leniency, maxTokens, temperature, topP, topK, minP, repeatPenalty, seed } = settings;
  const told = system.trim() === '' ? [] : [{ role: 'system', content: system }];
  return given({
    messages: [
      ...told,
      ...messages.map(({ role, text, reasoning }) => ({ role, content: contentOf(text, reasoning) })),
    ],
    speculative: given({ mode, n_max: draftMax, leniency: leniency || undefined }),
    max_tokens: maxTokens,
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    repeat_penalty: repeatPenalty,
    seed,
    resume: typeof resume === 'string' ? resume : resume?.map(({ id }) => id),
  });
}

/** Templates want answers without the reasoning that led to them. */
function contentOf(text: string, reasoning = false): string {
  const { reasoning: thought, answer } = partsOf(text, reasoning);
  return thought === '' ? text : answer;
}

function given(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
