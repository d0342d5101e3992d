import { OutriderError } from '../errors.js';
import { patternProblem, type RouteRules } from '../routing/index.js';
import { CACHE_TYPES, type CacheType } from './backend.js';
import type { LoadEvent } from './events.js';
import type { KnowledgeStore } from './knowledge-store.js';

export interface EngineOptions {
  /** The target's GGUF file, or the first part of a split one. */
  readonly target: string;
  /** Draft models' files. Of several, each may draft for the target and for larger ones, as it pays. */
  readonly drafts?: readonly string[];
  /** Tokens of one request, prompt and answer; default: what the target was trained for, at most 4096. */
  readonly contextSize?: number;
  /** Requests that run at once on each model that writes, default 1; others wait. */
  readonly parallel?: number;
  /** Requests that may wait for a model, default 64; a request beyond them is refused with `queue_full`. */
  readonly queue?: number;
  /**
   * Bytes for the cells of chats whose slots others have taken, in all models together: they come back without being
   * evaluated again. Default: 1 GiB, at most a tenth of the memory; 0: they are evaluated again.
   */
  readonly cacheRamBytes?: number;
  /**
   * What the target's keys and values are cached as, default f16: quantised ones take less memory, and change the text a
   * little. A type whose blocks the model's heads are no multiple of is refused.
   */
  readonly cacheTypeK?: CacheType;
  readonly cacheTypeV?: CacheType;
  /** And those of the draft models: there they change nothing but how often drafts are accepted. */
  readonly draftCacheTypeK?: CacheType;
  readonly draftCacheTypeV?: CacheType;
  /** Threads of the target's and of the draft's passes; default: by the size of the weights. */
  readonly threads?: number;
  readonly draftThreads?: number;
  /** Layers of the target on the GPUs; default: all where there is a GPU. */
  readonly gpuLayers?: number | 'all';
  /** Layers of the draft on the GPUs; default 0, the draft stays on the processor. */
  readonly draftGpuLayers?: number | 'all';
  /**
   * Answers with a token limit go on where the context ends: the older half of it goes, save for what the request keeps.
   * Default false: they end there. Strict engines evaluate again what stays.
   */
  readonly contextShift?: boolean;
  /** Speculative and plain decoding agree bit for bit, at some cost (row-class.ts). */
  readonly strict?: boolean;
  /** Go on without a draft that does not fit, instead of refusing. */
  readonly draftOptional?: boolean;
  /** Who answers requests of mode `auto`, default DEFAULT_RULES (src/routing). */
  readonly routes?: RouteRules;
  /**
   * Milliseconds that any pass may take, default 300 000. One that takes longer, and more than 20 times what such passes
   * took before, hangs: another engine takes its place (startEngine; an engine of this process waits for it).
   */
  readonly passTimeoutMs?: number;
  /**
   * Milliseconds that loading may go without progress, default 600 000: then it hangs, and is begun again in another
   * process (startEngine; an engine of this process waits for it). How long it takes in all does not matter.
   */
  readonly loadTimeoutMs?: number;
  /** Keeps what is learnt of these models for the next process; default: it is learnt anew. */
  readonly knowledge?: KnowledgeStore;
  readonly onProgress?: (event: LoadEvent) => void;
  readonly signal?: AbortSignal;
}

/** Sequences of one context in llama.cpp. */
const MOST_SEQUENCES = 256;

const LIMITS = {
  contextSize: [8, 2 ** 24],
  parallel: [1, MOST_SEQUENCES],
  queue: [0, 2 ** 20],
  cacheRamBytes: [0, Number.MAX_SAFE_INTEGER],
  threads: [1, 512],
  draftThreads: [1, 512],
  passTimeoutMs: [1, 2 ** 40],
  loadTimeoutMs: [1, 2 ** 40],
  gpuLayers: [0, 2 ** 20],
  draftGpuLayers: [0, 2 ** 20],
} as const;

/** Those that may also be `all`. */
const WHOLE: ReadonlySet<string> = new Set(['gpuLayers', 'draftGpuLayers']);

/** @throws OutriderError invalid_argument for a number that is none or beyond its limits, an unknown type of the cache, and for rules with a bad pattern */
export function checkEngineOptions(options: EngineOptions): void {
  for (const name of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
    const value = options[name];
    const [least, most] = LIMITS[name];
    if (value === undefined || (value === 'all' && WHOLE.has(name))) continue;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) continue;
    throw new OutriderError('invalid_argument', `${name}: expected an integer from ${least} to ${most}, got ${value}`, {
      parameter: name,
    });
  }
  checkParallel(options);
  checkCacheTypes(options);
  const problem = patternProblem(options.routes ?? []);
  if (problem !== undefined) {
    throw new OutriderError('invalid_argument', `routes: ${problem}`, { parameter: 'routes' });
  }
}

/** Each request has a sequence in every draft model, and another for each larger one and for what that model writes. */
function checkParallel({ parallel = 1, drafts = [] }: EngineOptions): void {
  const most = Math.floor(MOST_SEQUENCES / (drafts.length + 1));
  if (parallel <= most) return;
  throw new OutriderError(
    'invalid_argument',
    `parallel: expected at most ${most} with ${drafts.length} draft ${drafts.length === 1 ? 'model' : 'models'}, got ${parallel}`,
    { parameter: 'parallel' },
  );
}

function checkCacheTypes(options: EngineOptions): void {
  for (const parameter of ['cacheTypeK', 'cacheTypeV', 'draftCacheTypeK', 'draftCacheTypeV'] as const) {
    const type = options[parameter];
    if (type === undefined || CACHE_TYPES.includes(type)) continue;
    throw new OutriderError(
      'invalid_argument',
      `${parameter}: expected one of ${CACHE_TYPES.join(', ')}, got ${JSON.stringify(type)}`,
      { parameter },
    );
  }
}
