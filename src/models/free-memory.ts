import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

/** Where the figures come from. */
export interface MemorySource {
  /** Bytes that the machine can give without swapping, and all it has. */
  readonly free: () => number;
  readonly total: () => number;
  /** The limit of this process's control group, 0 or more than `total` where there is none; and what is left of it. */
  readonly constrained: () => number;
  readonly available: () => number;
  /** The `memory.stat` of the control group; `undefined` where there is none. */
  readonly groupStatistics: () => string | undefined;
}

const SYSTEM: MemorySource = {
  free: freemem,
  total: totalmem,
  constrained: () => process.constrainedMemory(),
  available: () => process.availableMemory(),
  groupStatistics: () => readIfThere('/sys/fs/cgroup/memory.stat') ?? readIfThere('/sys/fs/cgroup/memory/memory.stat'),
};

/**
 * Bytes of memory that can be taken now. In a container the limit of its control group counts, not the machine's memory.
 * Such a group's use includes cached file pages, such as those of a model that was loaded before; the kernel gives the
 * inactive ones back on demand, so they are counted as free.
 */
export function freeMemory(source: MemorySource = SYSTEM): number {
  const constrained = source.constrained();
  if (constrained === 0 || constrained >= source.total()) return source.free();
  const reclaimable = /^(?:total_)?inactive_file (\d+)$/m.exec(source.groupStatistics() ?? '')?.[1];
  return Math.min(source.free(), constrained, source.available() + Number(reclaimable ?? 0));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
