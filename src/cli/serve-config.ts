/** Flags of `serve` in a file: their names in camel case, their values as JSON. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { CACHE_TYPES } from '../engine/backend.js';
import { MODES } from '../engine/events.js';
import { OutriderError } from '../errors.js';
import { LOG_LEVELS } from '../server/logging.js';
import { routeRulesSchema } from './route-rules.js';
import type { ServeFlags } from './serve-flags.js';

/** Read without being asked for where it lies in the current folder. */
export const CONFIG_FILE = 'outrider.config.json';

const count = z.int().min(1);
const cacheType = z.enum(CACHE_TYPES);
const layers = z.union([z.int().min(0), z.literal('all')]);
const path = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('~'), 'expected a path without ~, which only shells know');

const schema = z
  .strictObject({
    model: path,
    modelDraft: z.array(path),
    draftOptional: z.literal(true),
    ctxSize: count,
    threads: count,
    threadsDraft: count,
    gpuLayers: layers,
    gpuLayersDraft: layers,
    cacheTypeK: cacheType,
    cacheTypeV: cacheType,
    cacheTypeKDraft: cacheType,
    cacheTypeVDraft: cacheType,
    contextShift: z.literal(true),
    strict: z.literal(true),
    host: z.string().min(1),
    port: z.int().min(0).max(65_535),
    mode: z.enum(MODES),
    routes: routeRulesSchema,
    parallel: count,
    queue: z.int().min(0),
    cacheRam: z.int().min(0),
    apiKey: z.array(z.string().min(1)),
    apiKeyFile: path,
    allowedHost: z.array(z.string().min(1)),
    corsOrigin: z.array(z.string().min(1)),
    bodyLimit: count,
    stopTimeout: z.number().min(0),
    inProcess: z.boolean(),
    passTimeout: count,
    loadTimeout: count,
    metrics: z.boolean(),
    slots: z.boolean(),
    logLevel: z.enum(LOG_LEVELS),
    logText: z.boolean(),
    verbose: z.boolean(),
  })
  .partial();

/** What a config file says, and where it lies. */
export interface ServeConfig {
  readonly path: string;
  readonly flags: ServeFlags;
}

/**
 * Reads the file that was named, else the one in `folder` if there is one. Paths in it are relative to it.
 * @throws OutriderError invalid_argument in words for a file that is missing, no JSON or not as it should be
 */
export async function readServeConfig(named: string | undefined, folder: string): Promise<ServeConfig | undefined> {
  const file = resolve(folder, named ?? CONFIG_FILE);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (named === undefined && error.code === 'ENOENT') return undefined;
    throw new OutriderError('invalid_argument', `--config: cannot read ${file}: ${error.message}`);
  });
  if (text === undefined) return undefined;
  return { path: file, flags: withPaths(check(parse(text, file), file), dirname(file)) };
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OutriderError('invalid_argument', `${file}: expected JSON: ${(error as Error).message}`);
  }
}

function check(value: unknown, file: string): ServeFlags {
  const result = schema.safeParse(value);
  if (result.success) return result.data as ServeFlags;
  const [issue] = result.error.issues;
  const place = issue?.path.length ? `${issue.path.join('.')}: ` : '';
  throw new OutriderError('invalid_argument', `${file}: ${place}${issue?.message}`);
}

function withPaths(flags: ServeFlags, folder: string): ServeFlags {
  const { model, modelDraft, apiKeyFile } = flags;
  return {
    ...flags,
    ...(model !== undefined && { model: resolve(folder, model) }),
    ...(modelDraft !== undefined && { modelDraft: modelDraft.map((draft) => resolve(folder, draft)) }),
    ...(apiKeyFile !== undefined && { apiKeyFile: resolve(folder, apiKeyFile) }),
  };
}
