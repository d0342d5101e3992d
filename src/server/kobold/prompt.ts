import type { Prompt } from '../../engine/request.js';
import type { EngineService } from '../../engine/service.js';
import type { Token } from '../../speculative/index.js';

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
  const read = async (text: string, addSpecial: boolean): Promise<readonly Token[]> => {
    if (text === '') return [];
    return (await service.tokenize({ text }, { addSpecial, parseSpecial: true })).tokens;
  };
  const limit = contextSize - Math.min(maxLength, Math.floor(contextSize / 2));
  const head = await read(memory, true);
  const body = await read(prompt, memory === '');
  const tokens = [...head, ...body];
  const room = (length: number) => Math.min(maxLength, contextSize - length);
  // The engine turns an empty prompt into the begin-of-text token.
  if (tokens.length === 0) return { prompt: { text: '' }, maxTokens: room(1) };
  // With no answer to write, the engine still needs a place behind the prompt.
  const most = Math.min(limit, contextSize - 1);
  if (tokens.length <= most) return { prompt: { tokens }, maxTokens: room(tokens.length) };
  const cut =
    memory === '' ? keepEnd(...(await splitStart(body, () => read(prompt, false))), most) : keepEnd(head, body, most);
  return { prompt: { tokens: cut }, maxTokens: room(cut.length) };
}

/** Begin-of-text, where the model wants it, and the rest. */
async function splitStart(
  tokens: readonly Token[],
  readPlain: () => Promise<readonly Token[]>,
): Promise<[readonly Token[], readonly Token[]]> {
  const plain = await readPlain();
  return [tokens.slice(0, Math.max(0, tokens.length - plain.length)), plain];
}

/** The head and as much of the body's end as fits; of a head that does not fit itself, its end too. */
function keepEnd(head: readonly Token[], body: readonly Token[], limit: number): readonly Token[] {
  const room = limit - head.length;
  if (room <= 0) return head.slice(-limit);
  return [...head, ...body.slice(-room)];
}
