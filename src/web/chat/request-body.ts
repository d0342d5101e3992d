import type { Chat, Message } from './chat.js';
import { partsOf } from './reasoning.js';
import type { Resume } from './resume.js';

/** The body of POST /api/outrider/generate that answers `messages` in a chat. */
export function requestBody({ system, settings }: Chat, messages: readonly Message[], resume?: Resume): object {
  const { mode, draftMax, leniency, maxTokens, temperature, topP, topK, minP, repeatPenalty, seed } = settings;
  const told = system.trim() === '' ? [] : [{ role: 'system', content: system }];
  const speculative = given({ mode, n_max: draftMax, leniency: leniency || undefined });
  return given({
    messages: [
      ...told,
      ...messages.map(({ role, text, reasoning }) => ({ role, content: contentOf(text, reasoning) })),
    ],
    ...(Object.keys(speculative).length > 0 && { speculative }),
    max_tokens: maxTokens,
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    repeat_penalty: repeatPenalty,
    seed,
    resume,
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
