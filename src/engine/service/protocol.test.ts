import { describe, expect, it } from 'vitest';
import type { EngineOptions } from '../options.js';
import { plainOptions } from './protocol.js';

describe('options for an engine in another process', () => {
  it('are all but what belongs to this one', () => {
    const { signal } = new AbortController();
    const options = { target: 'main.gguf', routes: [], onProgress: () => {}, signal };
    expect(plainOptions(options)).toEqual({ target: 'main.gguf', routes: [] });
  });

  it('are refused by name where they are no plain data', () => {
    const options = { target: 'main.gguf', routes: [{ when: () => true }] } as unknown as EngineOptions;
    expect(() => plainOptions(options)).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringMatching(/^routes: expected plain data.*loadEngine/),
        details: { parameter: 'routes' },
      }),
    );
  });
});
