/** GET /api/outrider/status, /pair and /costs: the engine as it tells of itself. */
import { z } from 'zod';
import { CACHE_TYPES, SPECIAL_ROLES } from '../../engine/backend.js';
import type { PassCosts } from '../../engine/pass-costs.js';
import type { ServiceStatus } from '../../engine/service.js';
import type { ServerContext } from '../dialect.js';
import { count, listOf, mode, token } from '../engine-schemas.js';

const role = z.enum(['target', 'draft']);

const slot = z.object({
  id: count,
  role,
  model: z.string(),
  state: z.enum(['idle', 'busy']),
  cachedTokens: count,
});

/** `running` and `queued` are the engine's; `reason` says why it is not ready; `startedAt` in seconds since 1970. */
export const statusSchema = z.object({
  version: z.string(),
  startedAt: z.number(),
  state: z.enum(['loading', 'ready', 'restarting', 'failed', 'closed']),
  reason: z.string().optional(),
  restarts: count,
  pid: count,
  running: count,
  queued: count,
  slots: listOf(slot),
  /** The pass under way of each model, the target first; null where none is. */
  passes: listOf(z.object({ number: count, rows: count, allowedMs: z.number() }).nullable()),
});
type Status = z.output<typeof statusSchema>;

export async function statusOf({ service, version, startedAt }: ServerContext): Promise<Status> {
  const { reason, passes, ...status }: ServiceStatus = await service.status();
  return {
    version,
    startedAt,
    ...status,
    ...(reason !== undefined && { reason }),
    passes: passes.map((pass) => pass ?? null),
  };
}

const modelFields = {
  name: z.string(),
  path: z.string(),
  description: z.string(),
  parameters: count,
  bytes: count,
  trainedContext: count,
  vocabularySize: count,
  vocabularyType: z.string(),
  chatTemplate: z.string().optional(),
  bosText: z.string(),
  eosText: z.string(),
  threads: count,
  cacheTypeK: z.enum(CACHE_TYPES),
  cacheTypeV: z.enum(CACHE_TYPES),
  device: z.string(),
};

const differences = z.object({
  count,
  examples: listOf(z.object({ id: token, target: z.string().optional(), draft: z.string().optional() })),
});

const vocabularyFit = z.object({
  sharedIds: count,
  equalIds: count,
  differing: differences,
  onlyTarget: differences,
  onlyDraft: differences,
  movedTokens: count,
  roleMap: listOf(z.object({ role: z.enum(SPECIAL_ROLES), target: token, draft: token })),
  metadataDifferences: listOf(z.object({ name: z.string(), target: z.string(), draft: z.string() })),
  masked: count,
});

export const pairSchema = z.object({
  target: z.object({ ...modelFields, role }),
  drafts: listOf(z.object({ ...modelFields, role, vocabularyFit })),
  contextSize: count,
  parallel: count,
  queue: count,
  strict: z.boolean(),
  notes: listOf(z.string()),
  llama: z.object({ version: z.string(), system: z.string(), devices: listOf(z.string()) }),
  loadMs: z.number(),
  /** Of requests that name none. */
  mode,
});

export function pairOf({ service, settings }: ServerContext): z.output<typeof pairSchema> {
  return { ...service.description, mode: settings.mode };
}

const costs = z.object({
  points: listOf(z.object({ rows: count, ms: z.number() })),
  depths: listOf(z.object({ from: count, factor: z.number() })),
});

export const costsSchema = z.object({
  target: costs,
  drafts: z.record(z.string(), costs),
}) satisfies z.ZodType<PassCosts>;
