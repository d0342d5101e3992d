import { basename } from 'node:path';
import type { SequenceBreakers } from '../sampling/index.js';
import type { Token } from '../speculative/index.js';
import type { ChatTemplate } from '../text/chat-template.js';
import type { Context, Model, Vocabulary } from './backend.js';
import type { Batcher } from './batcher.js';
import type { ModelRole } from './events.js';
import type { Places } from './places.js';

/** A model with the context that the engine's requests share. */
export interface LoadedModel {
  readonly role: ModelRole;
  readonly name: string;
  readonly model: Model;
  readonly context: Context;
  readonly batcher: Batcher;
  /** For the requests that this model writes; each has a sequence here. Those that it drafts for have sequences beside. */
  readonly places: Places;
  /** Every token that ends the text. */
  readonly ends: ReadonlySet<Token>;
  /** DRY's breakers in this model's tokens, found once for each text. */
  readonly breakers: SequenceBreakers;
  readonly chat: ChatTemplate;
}

/** What messages and JSON call a model: its file's name without ending and part number. */
export function modelName(path: string): string {
  return basename(path)
    .replace(/\.gguf$/i, '')
    .replace(/-\d{5}-of-\d{5}$/, '');
}

/** Every token that ends the text: asked once of a vocabulary, since each question is a call into the kernels. */
export function endTokens(vocabulary: Vocabulary): ReadonlySet<Token> {
  const ends = new Set<Token>();
  for (let token = 0; token < vocabulary.size; token++) if (vocabulary.isEndOfGeneration(token)) ends.add(token);
  return ends;
}

/** Waits for the pass that is running, then gives everything back. */
export async function closeModel({ batcher, context, model }: LoadedModel): Promise<void> {
  await batcher.idle();
  context.close();
  model.close();
}
