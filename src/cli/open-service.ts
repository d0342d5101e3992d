import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Engine, type EngineOptions, type EngineService } from '../engine/index.js';
import { localService } from '../engine/service/in-process.js';
import { plainOptions } from '../engine/service/protocol.js';
import { superviseEngine } from '../engine/service/supervisor.js';
import { openBackend } from '../llama/index.js';
import type { BackendOptions, ServicePlace } from './surroundings.js';

const ENGINE_PROCESS = fileURLToPath(new URL('./engine-process.js', import.meta.url));

/**
 * Loads models for a server. In a child they are loaded again when it dies.
 * @param onDeath hears of each death of the child, in a few words
 */
export async function openService(
  options: EngineOptions,
  backendOptions: BackendOptions,
  place: ServicePlace,
  onDeath?: (reason: string) => void,
): Promise<EngineService> {
  if (place === 'this') {
    const backend = await openBackend(backendOptions);
    return localService(await Engine.load(backend, options), backend, options);
  }
  // The child keeps what it learns by itself, and writes its own log.
  const { onProgress, signal } = options;
  const { env, verbose } = backendOptions;
  return superviseEngine({
    spawn: () => fork(ENGINE_PROCESS, verbose ? ['--verbose'] : [], { env, serialization: 'advanced', execArgv: [] }),
    engine: plainOptions(options),
    onProgress,
    signal,
    onDeath,
    now: () => performance.now(),
  });
}
