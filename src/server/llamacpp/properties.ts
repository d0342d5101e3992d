/** GET /props and /slots: what is loaded, and what it does. */
import type { ServerContext, ServerRequest } from '../dialect.js';
import { modelNames } from '../model-names.js';
import { settingsOf } from './generation-settings.js';

export function properties(context: ServerRequest, { service, settings, version }: ServerContext): Response {
  const { description } = service;
  const { target, contextSize, parallel, llama } = description;
  return context.json({
    default_generation_settings: {
      params: settingsOf({ prompt: { text: '' } }, undefined, false),
      n_ctx: contextSize,
    },
    total_slots: parallel,
    model_alias: modelNames(description, settings.mode)[0].id,
    model_path: target.path,
    modalities: { vision: false, audio: false },
    chat_template: target.chatTemplate ?? '',
    bos_token: target.bosText,
    eos_token: target.eosText,
    build_info: `outrider-${version}-llama.cpp-${llama.version}`,
    is_sleeping: false,
  });
}

export async function slots(context: ServerRequest, { service }: ServerContext): Promise<Response> {
  const { contextSize, drafts } = service.description;
  const { slots } = await service.status();
  // Who knows llama.cpp expects as many as `total_slots`.
  const targetSlots = slots.filter(({ role }) => role === 'target');
  return context.json(
    targetSlots.map(({ id, state, cachedTokens }) => ({
      id,
      n_ctx: contextSize,
      speculative: drafts.length > 0,
      is_processing: state === 'busy',
      n_prompt_tokens_cache: cachedTokens,
    })),
  );
}
