import type { Prompt } from '../../engine/request.js';
import type { EngineService } from '../../engine/service.js';
import type { Token } from '../../speculative/index.js';
import { type ReadTokens, readEnd } from './text-end.js';

export interface PromptParts {
  /** Stands before the prompt and survives its cut. */
  readonly memory: string;
  readonly prompt: string;
  /** Tokens of the context, prompt and answer together. */
  readonly contextSize: number;
  /** Tokens of the answer. */
  readonly maxLength: number;
}

export interface FittedPrompt {
  readonly prompt: Prompt;
  /** At most what was asked for, and what is left of the context. */
  readonly maxTokens: number;
}

/**
 * As in KoboldCpp a prompt without room for the answer loses its beginning, but not begin-of-text and memory. An answer
 * longer than half of the context reserves no more than that half, so that something of the prompt is left.
 */
export async function fitPrompt(
  { memory, prompt, contextSize, maxLength }: PromptParts,
  service: Pick<EngineService, 'tokenize'>,
): Promise<FittedPrompt> {
  const read: ReadTokens = async (text, addSpecial) => {
    if (text === '') return [];
    return (await service.tokenize({ text }, { addSpecial, parseSpecial: true })).tokens;
  };
  const limit = contextSize - Math.min(maxLength, Math.floor(contextSize / 2));
  // With no answer to write, the engine still needs a place behind the prompt.
  const most = Math.min(limit, contextSize - 1);
  const head = await readEnd(memory, most, true, read);
  const body = await readEnd(prompt, most, memory === '', read);
  const tokens = [...head.tokens, ...body.tokens];
  const room = (length: number) => Math.min(maxLength, contextSize - length);
  // The engine turns an empty prompt into the begin-of-text token.
  if (tokens.length === 0) return { prompt: { text: '' }, maxTokens: room(1) };
  if (head.isWhole && body.isWhole && tokens.length <= most) {
    return { prompt: { tokens }, maxTokens: room(tokens.length) };
  }
  const cut = keepEnd(memory === '' ? await beginOfText(read) : head.tokens, body.tokens, most);
  return { prompt: { tokens: cut }, maxTokens: room(cut.length) };
}

/** Begin-of-text, where the model wants it: what comes before the tokens of any text. */
async function beginOfText(read: ReadTokens): Promise<readonly Token[]> {
  const [[first], tokens] = await Promise.all([read('a', false), read('a', true)]);
  return tokens.slice(0, Math.max(0, tokens.indexOf(first!)));
}

/** The head and as much of the body's end as fits; of a head that does not fit itself, its end. */
function keepEnd(head: readonly Token[], body: readonly Token[], limit: number): readonly Token[] {
  const room = limit - head.length;
  if (room <= 0) return head.slice(-limit);
  return [...head, ...body.slice(-room)];
}
