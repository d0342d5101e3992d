import { basename } from 'node:path';
import type { SequenceBreakers } from '../sampling/index.js';
import type { ChatTemplate } from '../text/chat-template.js';
import type { Context, Model } from './backend.js';
import type { Batcher } from './batcher.js';
import type { ModelRole } from './events.js';

/** A model with the context that the engine's requests share. */
export interface LoadedModel {
  readonly role: ModelRole;
  readonly name: string;
  readonly model: Model;
  readonly context: Context;
  readonly batcher: Batcher;
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

/** Waits for the pass that is running, then gives everything back. */
export async function closeModel({ batcher, context, model }: LoadedModel): Promise<void> {
  await batcher.idle();
  context.close();
  model.close();
}
