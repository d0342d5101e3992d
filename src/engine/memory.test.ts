import { describe, expect, it } from 'vitest';
import { OutriderError } from '../errors.js';
import type { Device, MemoryParts } from './backend.js';
import { checkMemory, size } from './memory.js';

const MIB = 2 ** 20;
const nothing: MemoryParts = { weightsBytes: 0, cacheBytes: 0, computeBytes: 0 };
const parts: MemoryParts = { weightsBytes: 600 * MIB, cacheBytes: 300 * MIB, computeBytes: 100 * MIB };
const gpu = (freeMib: number, kind: Device['kind'] = 'gpu'): Device => {
  return { name: 'GPU0', description: '', kind, freeBytes: freeMib * MIB, totalBytes: 2 * freeMib * MIB };
};

function refusal(check: () => void): OutriderError {
  try {
    check();
  } catch (error) {
    if (error instanceof OutriderError) return error;
  }
  return expect.fail('nothing was refused');
}

describe('checkMemory', () => {
  const onHost = { name: 'big', estimate: { host: parts, gpu: nothing } };
  const onGpu = { name: 'big', estimate: { host: nothing, gpu: parts } };

  it('lets pass what fits to the byte', () => {
    checkMemory([onHost], 1000 * MIB, []);
    checkMemory([onGpu], 0, [gpu(600), gpu(400)]);
  });

  it('says what each model would take, what is free and what to change', () => {
    const { code, message, details } = refusal(() =>
      checkMemory([onHost, { ...onHost, name: 'small' }], 1999 * MIB, []),
    );
    expect(code).toBe('memory_exceeded');
    expect(message).toBe(
      'this needs 1.95 GiB of memory and 1.95 GiB are free (big: weights 600.0 MiB, cache 300.0 MiB, compute 100.0 MiB; ' +
        'small: weights 600.0 MiB, cache 300.0 MiB, compute 100.0 MiB); try a smaller --ctx-size, fewer --parallel ' +
        'requests, a smaller --cache-type-k and -v (q8_0) or a smaller model',
    );
    expect(details).toEqual({ needed: 2000 * MIB, free: 1999 * MIB });
  });

  it('counts the memory of GPUs alone for what lies on them', () => {
    const { message } = refusal(() => checkMemory([onGpu], 8000 * MIB, [gpu(999), gpu(8000, 'cpu')]));
    expect(message).toContain('of GPU memory');
    expect(message).toContain('fewer layers on the GPU');
  });
});

describe('size', () => {
  it('is in MiB below a GiB', () => {
    expect([size(0), size(15.2 * MIB), size(1023.9 * MIB), size(2 ** 30), size(4 * 2 ** 30)]).toEqual([
      '0.0 MiB',
      '15.2 MiB',
      '1023.9 MiB',
      '1.00 GiB',
      '4.00 GiB',
    ]);
  });
});
