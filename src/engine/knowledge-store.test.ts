import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CostCurve, Knowledge } from '../speculative/index.js';
import { cacheFolder, FileKnowledgeStore, type KnowledgeKey } from './knowledge-store.js';

const DAY = 24 * 3600 * 1000;
const NOW = Date.UTC(2026, 10, 25);
const KEY: KnowledgeKey = {
  target: { name: 'main', bytes: 10 },
  drafts: [{ name: 'draft', bytes: 1 }],
  kernels: 'v0.5.0',
  processor: 'a processor x2',
  devices: ['CPU'],
  layers: ['default', 'default'],
  threads: [2, 1],
  rows: 'free',
  cacheTypes: ['f16', 'f16', 'f16', 'f16'],
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const storeAt = (time = NOW, place = folder, complaints: string[] = []): FileKnowledgeStore =>
  new FileKnowledgeStore(
    place,
    () => time,
    (problem) => complaints.push(problem),
  );

function learnt() {
  const knowledge = new Knowledge({ costs: { points: [{ rows: 1, ms: 0.5 }], levels: [1.25] } });
  knowledge.learnDraftCosts('draft', new CostCurve({ points: [{ rows: 1, ms: 0.1 }] }));
  knowledge.acceptanceOf('model match 0').learn(0.9, -0.1);
  return knowledge.toJSON();
}

describe('FileKnowledgeStore', () => {
  it('brings back what was saved, for the same pair only', () => {
    const store = storeAt();
    store.save(KEY, learnt());
    expect(storeAt().load(KEY)).toEqual(learnt());
    for (const other of [
      { target: { name: 'main', bytes: 11 } },
      { drafts: [] },
      { threads: [1, 1] },
      { kernels: 'v0.6.0' },
      { rows: 'strict' as const },
    ]) {
      expect(store.load({ ...KEY, ...other })).toBeUndefined();
    }
  });

  it('lists and forgets', () => {
    const store = storeAt();
    store.save(KEY, learnt());
    store.save({ ...KEY, drafts: [{ name: 'another', bytes: 1 }] }, learnt());
    expect(
      store
        .list()
        .map(({ key }) => key.drafts[0]!.name)
        .sort(),
    ).toEqual(['another', 'draft']);
    expect(store.forget()).toBe(2);
    expect(store.list()).toEqual([]);
    expect(store.forget()).toBe(0);
  });

  it('does not believe what is old', () => {
    storeAt().save(KEY, learnt());
    expect(storeAt(NOW + 29 * DAY).load(KEY)).toBeDefined();
    expect(storeAt(NOW + 31 * DAY).load(KEY)).toBeUndefined();
  });

  it('takes a damaged, truncated or foreign file for none', () => {
    const store = storeAt();
    store.save(KEY, learnt());
    const [name] = readdirSync(folder);
    const good = JSON.stringify({ version: 6, savedAt: new Date(NOW).toISOString(), key: KEY, state: learnt() });
    const state = (change: object): string =>
      JSON.stringify({ version: 6, savedAt: new Date(NOW).toISOString(), key: KEY, state: { ...learnt(), ...change } });
    writeFileSync(join(folder, name!), good);
    expect(store.load(KEY)).toBeDefined();
    const damaged = [
      '',
      '{',
      'null',
      '[]',
      good.slice(0, -20),
      good.replace('"version":6', '"version":5'),
      good.replace(/"savedAt":"[^"]*"/, '"savedAt":"yesterday"'),
      state({ costs: { points: [{ rows: 1, ms: 1 }], levels: [1], wayBack: 'NaN' } }),
      state({ costs: { points: [], levels: [1], wayBack: 0 } }),
      state({ costs: { points: [{ rows: 1, ms: -1 }], levels: [1], wayBack: 0 } }),
      state({ costs: { points: [{ rows: 1, ms: 'NaN' }], levels: [1], wayBack: 0 } }),
      state({ ledger: { elapsed: 0, loss: 0 } }),
      state({ acceptance: { any: { weights: [1] } } }),
    ];
    for (const text of damaged) {
      writeFileSync(join(folder, name!), text);
      expect(store.load(KEY), text.slice(0, 80)).toBeUndefined();
    }
  });

  it('says once that nothing can be kept, and goes on', () => {
    const file = join(folder, 'a file');
    writeFileSync(file, '');
    const complaints: string[] = [];
    const store = storeAt(NOW, join(file, 'cache'), complaints);
    store.save(KEY, learnt());
    store.save(KEY, learnt());
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(/^nothing is remembered/);
    expect(store.load(KEY)).toBeUndefined();
    expect(store.forget()).toBe(0);
  });
});

describe('cacheFolder', () => {
  it('follows the habits of the system', () => {
    const there = () => true;
    expect(cacheFolder({ HOME: '/h' }, 'linux', there)).toBe(join('/h', '.cache', 'outrider'));
    expect(cacheFolder({ HOME: '/h', XDG_CACHE_HOME: '/c' }, 'linux', there)).toBe(join('/c', 'outrider'));
    expect(cacheFolder({ HOME: '/u' }, 'darwin', there)).toBe(join('/u', 'Library', 'Caches', 'outrider'));
    expect(cacheFolder({ LOCALAPPDATA: 'C:\\l' }, 'win32')).toBe(join('C:\\l', 'outrider', 'cache'));
    expect(cacheFolder({}, 'linux', there)).toBeUndefined();
    expect(cacheFolder({ HOME: '/h' }, 'linux', () => false)).toBeUndefined();
  });
});
