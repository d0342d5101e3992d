import { expect, test } from 'vitest';
import { refusalReason } from './refusal.js';

const errors = (...lines: string[]) => lines.map((line) => ({ level: 'error', line }) as const);

test('the first reason, without function names and repeated prefixes', () => {
  expect(
    refusalReason(
      errors(
        "llama_model_load: error loading model: unknown model architecture: 'nonsense'",
        'llama_model_load_from_file_impl: failed to load model',
      ),
    ),
  ).toBe("unknown model architecture: 'nonsense'");
});

test('lines that are no errors are no reasons', () => {
  expect(refusalReason([{ level: 'info', line: 'loaded' }, ...errors('gguf_init: bad magic')])).toBe('bad magic');
});

test('silence is said', () => {
  expect(refusalReason([])).toBe('llama.cpp gives no reason');
  expect(refusalReason(errors('llama_model_load_from_file_impl: failed to load model'))).toBe(
    'llama.cpp gives no reason',
  );
});
