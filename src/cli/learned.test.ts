import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Knowledge } from '../speculative/index.js';
import { openKnowledge } from './learned.js';
import { runProgram } from './program.js';
import { stage } from './testing/surroundings.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('shows what was learnt, and forgets it', async () => {
  const env = { XDG_CACHE_HOME: folder };
  const say = async (...argv: string[]): Promise<string> => {
    const { surroundings, stdout } = stage({ env });
    expect(await runProgram(['learned', ...argv], surroundings)).toBe(0);
    return stdout.text;
  };
  expect(await say()).toBe('nothing was learnt yet\n');
  const { surroundings } = stage({ env });
  const key = {
    target: { name: 'main', bytes: 2 },
    drafts: [{ name: 'small', bytes: 1 }],
    kernels: 'k',
    processor: 'p',
    devices: [],
    layers: [],
    threads: [2, 1],
    rows: 'free',
    cacheTypes: ['f16', 'f16', 'f16', 'f16'],
  } as const;
  openKnowledge(surroundings, () => {})!.save(
    key,
    new Knowledge({
      costs: {
        points: [
          { rows: 1, ms: 2 },
          { rows: 4, ms: 3 },
        ],
        levels: [1],
      },
    }).toJSON(),
  );
  expect(await say()).toContain('main with small on p, threads 2 and 1');
  expect(await say()).toContain('plain pass 2.00 ms; passes of n rows in its units  1: 1.00  2: 1.17  4: 1.50');
  expect(JSON.parse(await say('--json'))).toMatchObject([{ key }]);
  expect(await say('--forget')).toBe('forgot 1 pair\n');
  expect(JSON.parse(await say('--json'))).toEqual([]);
});

it('has no store where there is no home', async () => {
  const { surroundings, stdout } = stage({ env: {} });
  expect(openKnowledge(surroundings, () => {})).toBeUndefined();
  await runProgram(['learned'], surroundings);
  expect(stdout.text).toBe('nothing was learnt yet\n');
});
