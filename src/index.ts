/** The public library surface: re-exports, and the one place where kernels and engine meet. */
import { Engine, type EngineOptions } from './engine/index.js';
import { openBackend } from './llama/index.js';

export * from './engine/index.js';
export { type ErrorCode, OutriderError } from './errors.js';
export * from './sampling/index.js';
export * from './speculative/index.js';

/**
 * Loads a target and its drafts in this process. The kernels can end a process; whoever must not die with them runs the
 * engine in a child process.
 *
 * @throws OutriderError for every way in which loading can go wrong
 */
export async function loadEngine(options: EngineOptions): Promise<Engine> {
  return Engine.load(await openBackend({}), options);
}
