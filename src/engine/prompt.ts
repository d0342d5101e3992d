import { OutriderError } from '../errors.js';
import type { Token } from '../speculative/index.js';
import { ChatTemplate, type RenderedPrompt } from '../text/chat-template.js';
import { MessageError, normaliseMessages, type TemplateMessage } from '../text/messages.js';
import { TemplateError } from '../text/template-error.js';
import { tokenizePrompt as tokenizeText } from '../text/tokenize-prompt.js';
import type { Model, Vocabulary } from './backend.js';
import type { LoadedModel } from './loaded-model.js';
import { refuseStrangers } from './refuse.js';
import type { Chat, Prompt } from './request.js';

/** A prompt as tokens, with what the user should know of how it was understood. */
export interface TokenizedPrompt {
  readonly tokens: readonly Token[];
  readonly notes: readonly string[];
}

/**
 * Turns a prompt into tokens of the model that is going to write. An empty one becomes the begin-of-text token.
 * @param most a text of many more tokens is refused before all of it is tokenised: 30 MB of it would hold up everybody
 * @throws OutriderError invalid_argument, template_failed, context_exceeded
 */
export function tokenizePrompt(
  prompt: Prompt,
  { model, chat }: Pick<LoadedModel, 'model' | 'chat'>,
  most = Number.POSITIVE_INFINITY,
): TokenizedPrompt {
  const { tokens, notes } = understand(prompt, model, chat, most);
  if (tokens.length > 0) return { tokens, notes };
  const { bos } = model.vocabulary.special;
  if (bos === undefined)
    throw new OutriderError('invalid_argument', 'the prompt is empty; give at least one character', {
      parameter: 'prompt',
    });
  return { tokens: [bos], notes };
}

function understand(prompt: Prompt, { vocabulary }: Model, chat: ChatTemplate, most: number): TokenizedPrompt {
  if ('tokens' in prompt) {
    refuseStrangers('prompt', prompt.tokens, vocabulary.size);
    return { tokens: prompt.tokens, notes: [] };
  }
  if ('text' in prompt) return { tokens: tokenizeAtMost(prompt.text, vocabulary, most), notes: [] };
  const { prompt: text, notes } = renderChat(prompt, chat);
  return { tokens: tokenizeAtMost(text, vocabulary, most), notes };
}

/**
 * What the template of a model makes of a chat.
 * @throws OutriderError invalid_argument, template_failed
 */
export function renderChat({ messages, ...options }: Chat, template: ChatTemplate): RenderedPrompt {
  try {
    return template.render(messages, options);
  } catch (error) {
    throw problemOf(error);
  }
}

/**
 * The messages of a chat as templates read them.
 * @throws OutriderError invalid_argument
 */
export function plainMessages(messages: Chat['messages']): readonly TemplateMessage[] {
  try {
    return normaliseMessages(messages);
  } catch (error) {
    throw problemOf(error);
  }
}

function problemOf(error: unknown): unknown {
  const parameter = 'messages';
  if (error instanceof MessageError) return new OutriderError('invalid_argument', error.message, { parameter });
  if (error instanceof TemplateError) return new OutriderError('template_failed', error.message, { parameter });
  return error;
}

function tokenizeAtMost(text: string, vocabulary: Vocabulary, most: number): readonly Token[] {
  const count = tokensBeyond(text, most, (part) => tokenizeText(part, vocabulary));
  if (count === undefined) return tokenizeText(text, vocabulary);
  throw new OutriderError(
    'context_exceeded',
    `the prompt has more than ${most} tokens, which is what the context holds, answer included; shorten it or raise --ctx-size`,
    { promptTokens: count, contextSize: most },
  );
}

/**
 * The tokens of a text that is no prompt.
 * @throws OutriderError text_too_long for many more than `most`
 */
export function tokenizeWithin(
  text: string,
  most: number,
  tokenize: (part: string) => readonly Token[],
): readonly Token[] {
  if (tokensBeyond(text, most, tokenize) === undefined) return tokenize(text);
  throw new OutriderError(
    'text_too_long',
    `the text has more than ${most} tokens, the most that are counted at once; send it in parts`,
    { most },
  );
}

/**
 * Characters of a beginning that is tried first, for each token that fits. Few, since nobody else is served meanwhile and
 * the time that llama.cpp takes grows with the square of the line ends and control tokens: seconds for 32,768 of them.
 */
const TRIED_CHARACTERS = 3;
/** With so many tokens more than fit a beginning is too long, whatever became of its end, which was cut. */
const beyond = (most: number): number => Math.max(64, most / 8);

/**
 * Tries longer and longer beginnings of a long text, until one has too many tokens. Gives how many that one has, or
 * `undefined` for a text that may fit.
 */
function tokensBeyond(text: string, most: number, tokenize: (part: string) => readonly Token[]): number | undefined {
  for (let length = most * TRIED_CHARACTERS; length < text.length; length *= 2) {
    const { length: count } = tokenize(text.slice(0, length));
    if (count > most + beyond(most)) return count;
  }
  return undefined;
}

/** The chat format of a model: its file's template, or what stands in for it (see ChatTemplate). */
export function chatTemplateOf(model: Omit<Model, 'createContext'>): ChatTemplate {
  const { vocabulary } = model;
  const textOf = (token: Token | undefined): string => (token === undefined ? '' : vocabulary.text(token));
  return new ChatTemplate({
    chatTemplate: model.chatTemplate,
    applyBuiltinTemplate: (name, messages) => model.applyBuiltinTemplate(name, messages),
    isControlToken: (text) => {
      const [token, ...more] = vocabulary.tokenize(text, { addSpecial: false, parseSpecial: true });
      return token !== undefined && more.length === 0 && vocabulary.kind(token) === 'control';
    },
    bosText: textOf(vocabulary.special.bos),
    eosText: textOf(vocabulary.special.eos),
  });
}
