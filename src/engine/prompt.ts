import { OutriderError } from '../errors.js';
import type { Token } from '../speculative/index.js';
import { ChatTemplate } from '../text/chat-template.js';
import { MessageError } from '../text/messages.js';
import { TemplateError } from '../text/template-error.js';
import { tokenizePrompt as tokenizeText } from '../text/tokenize-prompt.js';
import type { Model } from './backend.js';
import type { LoadedModel } from './loaded-model.js';
import type { Prompt } from './request.js';

/** A prompt as tokens, with what the user should know of how it was understood. */
export interface TokenizedPrompt {
  readonly tokens: readonly Token[];
  readonly notes: readonly string[];
}

/**
 * Turns a prompt into tokens of the model that is going to write. An empty one becomes the begin-of-text token.
 * @throws OutriderError invalid_argument, template_failed
 */
export function tokenizePrompt(prompt: Prompt, { model, chat }: Pick<LoadedModel, 'model' | 'chat'>): TokenizedPrompt {
  const { tokens, notes } = understand(prompt, model, chat);
  if (tokens.length > 0) return { tokens, notes };
  const { bos } = model.vocabulary.special;
  if (bos === undefined)
    throw new OutriderError('invalid_argument', 'the prompt is empty; give at least one character', {
      parameter: 'prompt',
    });
  return { tokens: [bos], notes };
}

function understand(prompt: Prompt, { vocabulary }: Model, chat: ChatTemplate): TokenizedPrompt {
  if ('tokens' in prompt) {
    const stranger = prompt.tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < vocabulary.size));
    if (stranger === undefined) return { tokens: prompt.tokens, notes: [] };
    throw new OutriderError(
      'invalid_argument',
      `prompt: expected token ids from 0 to ${vocabulary.size - 1}, got ${stranger}`,
      { parameter: 'prompt' },
    );
  }
  if ('text' in prompt) return { tokens: tokenizeText(prompt.text, vocabulary), notes: [] };
  try {
    const { prompt: text, notes } = chat.render(prompt.messages);
    return { tokens: tokenizeText(text, vocabulary), notes };
  } catch (error) {
    if (error instanceof MessageError)
      throw new OutriderError('invalid_argument', error.message, { parameter: 'messages' });
    if (error instanceof TemplateError)
      throw new OutriderError('template_failed', error.message, { parameter: 'messages' });
    throw error;
  }
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
