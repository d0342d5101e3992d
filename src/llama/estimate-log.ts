import type { LogLine } from './log.js';

/** Sizes that llama.cpp tells only in its log, while it simulates a model and a context (`no_alloc`). */
export interface LoggedSizes {
  /** The device of each layer, by its name; the output layer is the one after the last. */
  readonly layerDevices: ReadonlyMap<number, string>;
  /** The device of each layer that has a cache. */
  readonly cacheDevices: readonly string[];
  readonly cacheBytes: number;
  /** By buffer type: a device's name, or a kind of host memory. */
  readonly computeBytes: ReadonlyMap<string, number>;
}

const LAYER = /^load_tensors: layer +(\d+) assigned to device ([^,]+)/;
const CACHE_LAYER = /layer +\d+: dev = (.+)$/;
/** Of a cache as a whole; the sizes of its buffers are told as 0 in a simulation. */
const CACHE_SIZE = /^llama_\w+: (?:.*, )?size = +([\d.]+) MiB(?: \(.*)?$/;
const COMPUTE_SIZE = /^\w+: +(\S+) compute buffer size = +([\d.]+) MiB$/;

const MIB = 1024 * 1024;

export function readLoggedSizes(heard: readonly LogLine[]): LoggedSizes {
  const layerDevices = new Map<number, string>();
  const cacheDevices: string[] = [];
  const computeBytes = new Map<string, number>();
  let cacheBytes = 0;
  for (const { line } of heard) {
    const layer = LAYER.exec(line);
    if (layer) layerDevices.set(Number(layer[1]), layer[2] as string);
    const cacheLayer = CACHE_LAYER.exec(line);
    if (cacheLayer) cacheDevices.push(cacheLayer[1] as string);
    const cache = CACHE_SIZE.exec(line);
    if (cache) cacheBytes += Number(cache[1]) * MIB;
    const compute = COMPUTE_SIZE.exec(line);
    if (compute) computeBytes.set(compute[1] as string, Number(compute[2]) * MIB);
  }
  return { layerDevices, cacheDevices, cacheBytes, computeBytes };
}
