import { OutriderError } from '../errors.js';
import type { Device, MemoryEstimate, MemoryParts } from './backend.js';

/** What one model is going to take. */
export interface PlannedModel {
  /** For the message: the file's name. */
  readonly name: string;
  readonly estimate: MemoryEstimate;
}

/**
 * Compares what the models would take with what is free, before anything is allocated: an overcommitted context is
 * otherwise killed by the system in the middle of a text instead of being refused.
 *
 * @throws OutriderError memory_exceeded, with what each part would take and what to change
 */
export function checkMemory(planned: readonly PlannedModel[], freeHostBytes: number, devices: readonly Device[]): void {
  const gpuFree = devices.filter(({ kind }) => kind === 'gpu').reduce((sum, { freeBytes }) => sum + freeBytes, 0);
  refuseOverflow(
    'memory',
    planned,
    ({ host }) => host,
    freeHostBytes,
    'a smaller --ctx-size, fewer --parallel requests, a smaller --cache-type-k and -v (q8_0) or a smaller model',
  );
  refuseOverflow(
    'GPU memory',
    planned,
    ({ gpu }) => gpu,
    gpuFree,
    'fewer layers on the GPU (-ngl, -ngld) or a smaller --ctx-size',
  );
}

function refuseOverflow(
  what: string,
  planned: readonly PlannedModel[],
  partsOf: (estimate: MemoryEstimate) => MemoryParts,
  free: number,
  advice: string,
): void {
  const needed = planned.reduce((sum, { estimate }) => sum + total(partsOf(estimate)), 0);
  if (needed <= free) return;
  const each = planned.map(({ name, estimate }) => {
    const { weightsBytes, cacheBytes, computeBytes } = partsOf(estimate);
    return `${name}: weights ${size(weightsBytes)}, cache ${size(cacheBytes)}, compute ${size(computeBytes)}`;
  });
  throw new OutriderError(
    'memory_exceeded',
    `this needs ${size(needed)} of ${what} and ${size(free)} are free (${each.join('; ')}); try ${advice}`,
    { needed, free },
  );
}

function total({ weightsBytes, cacheBytes, computeBytes }: MemoryParts): number {
  return weightsBytes + cacheBytes + computeBytes;
}

/** Bytes for people: 15.2 MiB, 4.00 GiB. */
export function size(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return gib >= 1 ? `${gib.toFixed(2)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
