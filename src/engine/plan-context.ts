import type { ContextOptions } from './backend.js';
import type { ModelRole } from './events.js';
import type { EngineOptions } from './options.js';
import { STRICT_ROWS } from './row-class.js';

/** Rows of a pass, and of a prompt chunk. */
const BATCH = 512;
/** Rows of a pass that may have logits: a verification of 63 draft tokens, or fewer for each of many requests. */
const OUTPUTS = 64;

/** Which model the context is for: the target, or a draft of which so many are larger. */
export type ContextUser = { readonly role: 'target' } | { readonly role: 'draft'; readonly larger: number };

export interface ContextPlan {
  readonly user: ContextUser;
  /** Tokens of a request, prompt and answer. */
  readonly contextSize: number;
  readonly threads: number;
  /** The most threads of another model's pass, which may come next. */
  readonly otherThreads: number;
  readonly cores: number;
}

/** What the context of a model has to offer the engine's requests. */
export function planContext(options: EngineOptions, plan: ContextPlan): ContextOptions {
  const { parallel = 1, strict } = options;
  const { user, contextSize, threads, otherThreads, cores } = plan;
  return {
    // Strict passes pad behind the last token; their cells are no part of what was promised.
    tokensPerSequence: contextSize + (strict ? STRICT_ROWS : 0),
    sequences: parallel * sequencesPerRequest(user),
    batch: BATCH,
    outputs: Math.min(BATCH, Math.max(OUTPUTS, 8 * parallel)),
    microBatch: BATCH,
    threads,
    betweenPasses: threads - 1 + otherThreads <= cores ? 'spin' : 'sleep',
    ...cacheTypesOf(options, user.role),
  };
}

/**
 * A draft model has a sequence that drafts for the target, one for each larger draft that it drafts for, and one for a
 * request that it writes itself, which runs beside the target's.
 */
function sequencesPerRequest(user: ContextUser): number {
  return user.role === 'target' ? 1 : user.larger + 2;
}

function cacheTypesOf(options: EngineOptions, role: ModelRole): Pick<ContextOptions, 'cacheTypeK' | 'cacheTypeV'> {
  const { cacheTypeK = 'f16', cacheTypeV = 'f16', draftCacheTypeK = 'f16', draftCacheTypeV = 'f16' } = options;
  return role === 'target' ? { cacheTypeK, cacheTypeV } : { cacheTypeK: draftCacheTypeK, cacheTypeV: draftCacheTypeV };
}
