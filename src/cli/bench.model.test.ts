import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BenchResult } from '../bench/result.js';
import { openBackend } from '../llama/index.js';
import { runProgram } from './program.js';
import { stage } from './testing/surroundings.js';
import { RecordingSink } from './testing/text-sink.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-bench-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

const SMALL = ['-n', '32', '-c', '512', '-t', '1', '--threads-draft', '1'];

/** A small bench on the embedded pair, on one thread each. */
async function bench(...argv: readonly string[]) {
  const set = stage();
  const surroundings = { ...set.surroundings, openBackend, now: () => performance.now() };
  const code = await runProgram(['bench', '--quick', '--repetitions', '1', ...SMALL, ...argv], surroundings);
  expect(set.stderr.text).toBe('');
  expect(code).toBe(0);
  return set.stdout.text;
}

describe('outrider bench', () => {
  test('measures the embedded pair and a hopeless draft, as JSON and as a page', async () => {
    const page = join(folder, 'report.html');
    const text = await bench(
      '--json',
      '--workloads',
      'counting,hopeless',
      '--policies',
      'adaptive,fixed3',
      '--html',
      page,
    );
    const result: BenchResult = JSON.parse(text);
    expect(result).toMatchObject({
      machine: { outrider: '1.2.3', threads: { target: 1, draft: 1 } },
      date: '1970-01-01T00:00:00.000Z',
      models: { target: { name: 'main-q8_0' }, drafts: [{ name: 'draft-q8_0' }] },
      settings: { tokens: 32, repetitions: 1, strict: false },
      workloads: [
        { name: 'counting', temperature: 0, peers: {} },
        { name: 'hopeless', temperature: 0.8, peers: {} },
      ],
    });
    const [counting, hopeless] = result.workloads;
    for (const { plain, policies, promptTokens } of [counting!, hopeless!]) {
      expect(plain.ms).toHaveLength(1);
      expect(promptTokens).toBeGreaterThan(10);
      expect(Object.keys(policies)).toEqual(['adaptive', 'fixed3']);
      expect(policies.fixed3!.lengths).toContain(3);
    }
    expect(counting!.policies.fixed3!.acceptanceRate).toBeGreaterThan(0.9);
    expect(hopeless!.policies.fixed3!.acceptanceRate).toBeLessThan(0.2);
    expect(counting!.oracle!.acceptance['draft-q8_0']).toBeGreaterThan(0.9);
    expect(hopeless!.oracle!.acceptance.hopeless).toBeLessThan(0.2);
    expect(await readFile(page, 'utf8')).toContain('counting');
  });

  test('shows what was whole when it is interrupted', async () => {
    const set = stage({
      stderr: new RecordingSink({ isTTY: true }),
      now: () => {
        // A repetition has two turns: the third is in the second one.
        if (set.stderr.text.split(' % warm ').length > 3) set.terminate();
        return performance.now();
      },
    });
    const argv = ['bench', '--quick', '--json', '--workloads', 'counting,hopeless', '--policies', 'adaptive'];
    const code = await runProgram([...argv, '--repetitions', '1000', ...SMALL], { ...set.surroundings, openBackend });
    expect(code).toBe(130);
    const result: BenchResult = JSON.parse(set.stdout.text);
    expect(result).toMatchObject({
      end: 'interrupted',
      settings: { repetitions: 1 },
      workloads: [{ name: 'counting' }],
    });
    expect(result.workloads[0]!.plain.ms).toHaveLength(1);
  });

  test('is a table for people', async () => {
    const text = await bench('--workloads', 'copying', '--policies', 'llama16');
    expect(text).toMatch(/^main-q8_0 with draft-q8_0\n/);
    expect(text).toMatch(/\ncopying +\d+/);
    expect(text).toMatch(/\ngeometric mean: llama16 \d\.\d\dx/);
  });
});

describe('outrider bench make-model', () => {
  const SHAPE = ['--from', 'draft', '--width', '256', '--layers', '2', '--feed-forward', '512', '--heads', '8'];

  test('keeps what was there until the new model is whole, and leaves no parts', async () => {
    const made = await mkdtemp(join(folder, 'made-'));
    const out = join(made, 'model.gguf');
    await writeFile(out, 'older');
    const set = stage();
    const surroundings = { ...set.surroundings, openBackend };
    expect(
      await runProgram(['bench', 'make-model', out, ...SHAPE, '--heads', '4', '--type', 'q4_K'], surroundings),
    ).toBe(2);
    expect(set.stderr.text).toContain('rows of type q4_K have a multiple of 256 elements');
    expect(await readFile(out, 'utf8')).toBe('older');
    expect(await readdir(made)).toEqual(['model.gguf']);

    expect(await runProgram(['bench', 'make-model', out, ...SHAPE], surroundings)).toBe(0);
    expect((await readFile(out)).subarray(0, 4).toString()).toBe('GGUF');
    expect(await readdir(made)).toEqual(['model.gguf']);
  });
});
