import { fileURLToPath } from 'node:url';
import { Engine, type EngineOptions } from '../../../src/engine/index.js';
import { openBackend } from '../../../src/llama/index.js';

const model = (name: string): string => fileURLToPath(new URL(`../../../models/${name}`, import.meta.url));

/** The embedded pair, and the draft in another precision. */
export const MAIN = model('main-q8_0.gguf');
export const DRAFT = model('draft-q8_0.gguf');
export const DRAFT_F16 = model('draft-f16.gguf');

/**
 * Threads of the engines whose test holds for any number of them: OUTRIDER_TEST_THREADS, by default the engine's own
 * choice. On a machine that is busy with other work one thread is many times faster than two, which spin for each other.
 */
export const TEST_THREADS: Pick<EngineOptions, 'threads' | 'draftThreads'> =
  process.env.OUTRIDER_TEST_THREADS === undefined
    ? {}
    : { threads: Number(process.env.OUTRIDER_TEST_THREADS), draftThreads: Number(process.env.OUTRIDER_TEST_THREADS) };

/**
 * Two threads, whatever the variable says: attention of one row over 512 cells and more walks another way than that of
 * several only where threads share it (kernels.md 3), so with one thread a test of `strict` would pass by luck.
 */
export const TWO_THREADS: Pick<EngineOptions, 'threads' | 'draftThreads'> = { threads: 2, draftThreads: 1 };

/** The embedded pair in an engine of this process, but for what `options` say. */
export async function loadPair(options: Partial<EngineOptions> = {}): Promise<Engine> {
  return Engine.load(await openBackend(), {
    target: MAIN,
    drafts: [DRAFT],
    contextSize: 1024,
    ...TEST_THREADS,
    ...options,
  });
}
