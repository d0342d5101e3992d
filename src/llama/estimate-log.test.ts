import { expect, test } from 'vitest';
import { readLoggedSizes } from './estimate-log.js';

const heard = (...lines: string[]) => lines.map((line) => ({ level: 'info', line }) as const);

test('a model on the processor', () => {
  expect(
    readLoggedSizes(
      heard(
        'print_info: file size   = 14.37 MiB (8.51 BPW)',
        'load: token to piece cache size = 0.0175 MB',
        'load_tensors: layer   0 assigned to device CPU, is_swa = 0',
        'load_tensors: layer   1 assigned to device CPU, is_swa = 0',
        'load_tensors:          CPU model buffer size =     0.00 MiB',
        'llama_context:        CPU  output buffer size =     0.02 MiB',
        'llama_kv_cache: layer   0: dev = CPU',
        'llama_kv_cache:        CPU KV buffer size =     0.00 MiB',
        'llama_kv_cache: size =    8.00 MiB (  2048 cells,   8 layers,  1/1 seqs), K (f16):    4.00 MiB, V (f16):    4.00 MiB',
        'sched_reserve:        CPU compute buffer size =    11.50 MiB',
        '~llama_context:        CPU compute buffer size is  11.5000 MiB, matches expectation of  11.5000 MiB',
      ),
    ),
  ).toEqual({
    layerDevices: new Map([
      [0, 'CPU'],
      [1, 'CPU'],
    ]),
    cacheDevices: ['CPU'],
    cacheBytes: 8 * 2 ** 20,
    computeBytes: new Map([['CPU', 11.5 * 2 ** 20]]),
  });
});

test('several caches add up, and buffers of several devices stay apart', () => {
  const sizes = readLoggedSizes(
    heard(
      'llama_memory_recurrent, layer   0: dev = CUDA0',
      'llama_memory_recurrent: size =    2.00 MiB (     1 cells,  24 layers,  1 seqs  0 rs_seq), R (f32):    1.00 MiB, S (f32):    1.00 MiB, P (f32):    0.00 MiB',
      'llama_kv_cache: layer   3: dev = CPU',
      'llama_kv_cache: size =    1.00 MiB (   256 cells,   1 layers,  1/1 seqs), K (f16):    0.50 MiB, V (f16):    0.50 MiB',
      'sched_reserve:      CUDA0 compute buffer size =   100.00 MiB',
      'sched_reserve:  CUDA_Host compute buffer size =     4.00 MiB',
    ),
  );
  expect(sizes.cacheBytes).toBe(3 * 2 ** 20);
  expect(sizes.cacheDevices).toEqual(['CUDA0', 'CPU']);
  expect([...sizes.computeBytes.keys()]).toEqual(['CUDA0', 'CUDA_Host']);
});
