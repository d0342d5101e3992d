/** The public library surface: re-exports, and the one place where kernels and engine meet. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Engine, type EngineOptions, type EngineService } from './engine/index.js';
import { plainOptions } from './engine/service/protocol.js';
import { superviseEngine } from './engine/service/supervisor.js';
import { openBackend } from './llama/index.js';

export * from './engine/index.js';
export { type ErrorCode, OutriderError } from './errors.js';
export * from './routing/index.js';
export * from './sampling/index.js';
export * from './speculative/index.js';

/**
 * Loads a target and its drafts in this process. The kernels can end a process; whoever must not die with them takes
 * `startEngine`.
 *
 * @throws OutriderError for every way in which loading can go wrong
 */
export async function loadEngine(options: EngineOptions): Promise<Engine> {
  return Engine.load(await openBackend({}), options);
}

const ENGINE_PROCESS = fileURLToPath(new URL('./cli/engine-process.js', import.meta.url));

/**
 * Loads a target and its drafts in a child process. Where that dies or hangs another takes its place, and every request
 * goes on behind the tokens that it has. With any `knowledge`, what is learnt is kept in the user's cache folder.
 *
 * @throws OutriderError for every way in which loading can go wrong
 */
export async function startEngine(options: EngineOptions): Promise<EngineService> {
  const flags = options.knowledge === undefined ? ['--learn-anew'] : [];
  return superviseEngine({
    spawn: () => fork(ENGINE_PROCESS, flags, { serialization: 'advanced', execArgv: [] }),
    engine: plainOptions(options),
    onProgress: options.onProgress,
    signal: options.signal,
    now: () => performance.now(),
  });
}
