import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Weights that a thread must have to work through in a pass before another thread is worth waiting for. */
const BYTES_PER_THREAD = 4 * 2 ** 20;

/**
 * Cores worth computing on. Sibling threads of one core get in each other's way on large processors, while two virtual
 * cores of a small machine are all there is.
 */
export function usableCores(): number {
  const logical = availableParallelism();
  return logical > 4 && siblingsShareCores() ? Math.ceil(logical / 2) : logical;
}

/** Threads for a model by the size of its weights: a small draft is quickest on one (kernels.md 4: 0.05 against 0.09 ms). */
export function threadsFor(sizeBytes: number, cores: number): number {
  return Math.max(1, Math.min(cores, Math.ceil(sizeBytes / BYTES_PER_THREAD)));
}

function siblingsShareCores(): boolean {
  if (process.arch !== 'x64') return false;
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync('/sys/devices/system/cpu/smt/active', 'utf8').trim() === '1';
  } catch {
    return false;
  }
}
