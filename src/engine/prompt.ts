import { OutriderError } from '../errors.js';
import type { Token } from '../speculative/index.js';
import type { Model } from './backend.js';
import type { Prompt } from './request.js';

/** Tokenises a prompt with the vocabulary of the model that is going to write. */
export async function tokenizePrompt(
  prompt: Prompt,
  model: Model,
): Promise<{ tokens: readonly Token[]; notes: readonly string[] }> {
  const { vocabulary } = model;
  if ('tokens' in prompt) return { tokens: prompt.tokens, notes: [] };
  if ('text' in prompt)
    return { tokens: vocabulary.tokenize(prompt.text, { addSpecial: true, parseSpecial: true }), notes: [] };
  const messages = prompt.messages as unknown as { role: string; content: string }[];
  const text =
    model.applyBuiltinTemplate(undefined, messages) ??
    messages.map((m) => `<|${m.role}|>\n${m.content}<|end|>\n`).join('') + '<|assistant|>\n';
  return { tokens: vocabulary.tokenize(text, { addSpecial: true, parseSpecial: true }), notes: [] };
}
