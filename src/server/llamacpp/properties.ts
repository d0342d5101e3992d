/** GET /props and /slots: what is loaded, and what it does. */
import { z } from 'zod';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { count, listOf } from '../engine-schemas.js';
import { Failure } from '../failure.js';
import { modelNames } from '../model-names.js';
import { generationSettingsSchema, settingsOf } from './generation-settings.js';

export const propertiesSchema = z.object({
  default_generation_settings: z.object({ params: generationSettingsSchema, n_ctx: count }),
  total_slots: count,
  model_alias: z.string(),
  model_path: z.string(),
  modalities: z.object({ vision: z.literal(false), audio: z.literal(false) }),
  chat_template: z.string(),
  bos_token: z.string(),
  eos_token: z.string(),
  build_info: z.string(),
  is_sleeping: z.literal(false),
});

export const slotsSchema = listOf(
  z.object({
    id: count,
    n_ctx: count,
    speculative: z.boolean(),
    is_processing: z.boolean(),
    n_prompt_tokens_cache: count,
  }),
);

export function properties(context: ServerRequest, { service, settings, version }: ServerContext): Response {
  const { description } = service;
  const { target, contextSize, parallel, llama } = description;
  const answer: z.output<typeof propertiesSchema> = {
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
  };
  return context.json(answer);
}

export async function slots(context: ServerRequest, { service, settings }: ServerContext): Promise<Response> {
  if (!settings.slots) throw new Failure('not_supported', '/slots is switched off (--no-slots)');
  const { contextSize, drafts } = service.description;
  const { slots } = await service.status();
  // Who knows llama.cpp expects as many as `total_slots`.
  const targetSlots = slots.filter(({ role }) => role === 'target');
  const answer: z.output<typeof slotsSchema> = targetSlots.map(({ id, state, cachedTokens }) => ({
    id,
    n_ctx: contextSize,
    speculative: drafts.length > 0,
    is_processing: state === 'busy',
    n_prompt_tokens_cache: cachedTokens,
  }));
  return context.json(answer);
}
