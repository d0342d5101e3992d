import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GgufFile } from '../llama/index.js';
import type { Inspection, ModelInspection } from './inspect.js';
import { inspectionLines } from './inspection-lines.js';
import { reportModel } from './model-report.js';
import type { PairSummary } from './pair-summary.js';
import { painter } from './terminal.js';

function ggufFile(path: string, metadata: GgufFile['metadata'], tensors: GgufFile['tensors']): GgufFile {
  return { path, version: 3, metadata, tensors, dataOffset: 100, sizeBytes: 200 };
}

describe('reportModel', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrider-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('adds the parts of a split model up, whichever is named', async () => {
    const paths = [1, 2].map((part) => join(folder, `m-0000${part}-of-00002.gguf`));
    for (const path of paths) await writeFile(path, 'x'.repeat(10));
    const tensor = (type: string, bytes: number) => ({ name: type, type, shape: [4, 3, 1, 1], bytes, offset: 0 });
    const files = new Map([
      [
        paths[0]!,
        ggufFile(
          paths[0]!,
          new Map<string, string | number | bigint | { arrayOf: 'string'; length: number }>([
            ['general.architecture', 'qwen3'],
            ['qwen3.context_length', 32768],
            ['qwen3.attention.head_count', { arrayOf: 'string', length: 2 }],
            ['general.sampling.temp', 0.6],
            ['big', 2n ** 60n],
            ['small', 5n],
          ]),
          [tensor('f32', 48)],
        ),
      ],
      [paths[1]!, ggufFile(paths[1]!, new Map(), [tensor('q8_0', 60), tensor('q8_0', 60)])],
    ]);
    const report = await reportModel(async (path) => files.get(path)!, paths[1]!);
    expect(report).toMatchObject({
      paths,
      sizeBytes: 20,
      architecture: 'qwen3',
      trainedContext: 32768,
      heads: undefined,
      tensorCount: 3,
      parameterCount: 36,
      weightsBytes: 168,
      weights: [
        { type: 'q8_0', bytes: 120 },
        { type: 'f32', bytes: 48 },
      ],
      sampling: { temperature: 0.6 },
      metadata: { big: '1152921504606846976', small: 5 },
    });
    expect(() => JSON.stringify(report)).not.toThrow();
  });
});

const MODEL: ModelInspection = {
  paths: ['t.gguf'],
  sizeBytes: 3 * 2 ** 30,
  ggufVersion: 3,
  name: 'A\x1bmodel',
  architecture: 'llama',
  tensorCount: 2,
  parameterCount: 1_230_000_000,
  weightsBytes: 100,
  weights: [
    { type: 'q4_k', bytes: 75 },
    { type: 'f32', bytes: 25 },
  ],
  trainedContext: 4096,
  layers: 16,
  embeddingLength: 2048,
  heads: 32,
  keyValueHeads: 8,
  sampling: { temperature: 0.6 },
  metadata: { epsilon: 0.000009999999747378752, tokens: { arrayOf: 'string', length: 9 }, template: 'x'.repeat(500) },
};

const PAIR: PairSummary = {
  fits: false,
  reason: 'strangers',
  sharedIds: 10,
  equalIds: 7,
  differing: { count: 3, examples: [{ id: 4, target: 'a"b', draft: 'c' }] },
  onlyTarget: { count: 1, examples: [{ id: 11, target: 'z', draft: undefined }] },
  onlyDraft: { count: 0, examples: [] },
  movedTokens: 2,
  roleMap: [{ role: 'eos', target: 2, draft: 5 }],
  metadataDifferences: [{ name: 'tokenizer.ggml.add_bos_token', target: 'true', draft: 'false' }],
  maskedTokens: 1,
  sameArchitecture: true,
  sizeRatio: 4,
  advice: ['First.', 'Second.'],
};

const MACHINE: Inspection['machine'] = {
  llama: { version: '0.5.0', directory: '/lib', package: undefined, system: 'CPU : AVX2 = 1 | ' },
  builds: [{ source: 'x-cuda', directory: undefined, outcome: 'not-installed', note: 'is not installed' }],
  gpuPackages: ['npm install x-cuda'],
  devices: [{ name: 'CPU', description: 'A processor ', kind: 'cpu', freeBytes: 2 ** 30, totalBytes: 2 ** 31 }],
  memory: { freeBytes: 2 ** 30, totalBytes: 2 ** 31 },
};

describe('inspectionLines', () => {
  const text = (inspection: Inspection, colour = false): string =>
    inspectionLines(inspection, painter(colour)).join('\n');

  it('shows a model with aligned labels, and its metadata cut to a readable length', () => {
    const shown = text({ models: [MODEL], machine: MACHINE });
    expect(shown).toContain('  name          A\\x1bmodel\n');
    expect(shown).toContain('  architecture  llama, 16 layers, width 2048, 32 heads (8 of keys and values)\n');
    expect(shown).toContain('1.23 billion in 2 tensors');
    expect(shown).toContain('q4_k 75.0 %, f32 25.0 %');
    expect(shown).toContain('temperature 0.6');
    expect(shown).not.toContain('chat format');
    expect(shown).toContain('  epsilon   0.00001\n');
    expect(shown).toContain('  tokens    [9 x string]\n');
    expect(shown).toMatch(/ {2}template {2}x{100}\.\.\. \(500 characters\)\n/);
    expect(shown).not.toContain('\x1b');
  });

  it('says which chat format is used and why', () => {
    const chatTemplate = { used: 'chatml', notes: ['it cannot be parsed; ChatML is used instead'] } as const;
    expect(text({ models: [{ ...MODEL, chatTemplate }], machine: MACHINE })).toMatch(
      /chat format +ChatML; it cannot be parsed; ChatML is used instead\n/,
    );
  });

  it('says why a model cannot be loaded', () => {
    expect(text({ models: [{ ...MODEL, problem: 'is truncated' }], machine: MACHINE })).toMatch(
      /cannot be loaded +is truncated/,
    );
  });

  it('names every difference of a pair', () => {
    const shown = text({ models: [], pair: PAIR, machine: MACHINE });
    expect(shown).toMatch(/verdict +does not fit: strangers/);
    expect(shown).toMatch(/equal tokens +7 of 10 shared ids/);
    expect(shown).toMatch(/unlike tokens +3: 4 "a\\"b" \/ "c", \.\.\./);
    expect(shown).toMatch(/only in target +1: 11 "z"\n/);
    expect(shown).toMatch(/only in draft +none/);
    expect(shown).toMatch(/eos by role +2 in the target, 5 in the draft/);
    expect(shown).toMatch(/tokenizer\.ggml\.add_bos_token +true in the target, false in the draft/);
    expect(shown).toMatch(/to expect +First\.\n +Second\./);
  });

  it('colours headings and verdicts when asked to', () => {
    const shown = text({ models: [MODEL], pair: PAIR, machine: MACHINE }, true);
    expect(shown).toContain('\x1b[1mt.gguf\x1b[22m');
    expect(shown).toContain('\x1b[31mdoes not fit: strangers\x1b[39m');
    expect(text({ models: [], pair: { ...PAIR, fits: true }, machine: MACHINE }, true)).toContain(
      '\x1b[32mfits\x1b[39m',
    );
  });

  it('tells how to add a GPU only where there is none', () => {
    expect(text({ models: [], machine: MACHINE })).toMatch(/for a GPU +npm install x-cuda/);
    const gpu = { name: 'CUDA0', description: 'A GPU', kind: 'gpu', freeBytes: 1, totalBytes: 2 } as const;
    expect(text({ models: [], machine: { ...MACHINE, devices: [gpu] } })).not.toContain('for a GPU');
  });
});
