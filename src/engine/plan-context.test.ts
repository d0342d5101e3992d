import { describe, expect, it } from 'vitest';
import { planContext } from './plan-context.js';

const PLAN = { contextSize: 1000, threads: 2, otherThreads: 1, cores: 2 } as const;
const TARGET = { role: 'target' } as const;

describe('planContext', () => {
  it('gives the target a sequence for each request, and a draft those that draft and one that writes', () => {
    const sequencesOf = (user: Parameters<typeof planContext>[1]['user']): number =>
      planContext({ target: 't', parallel: 3 }, { ...PLAN, user }).sequences;
    expect(sequencesOf(TARGET)).toBe(3);
    expect(sequencesOf({ role: 'draft', larger: 0 })).toBe(6);
    expect(sequencesOf({ role: 'draft', larger: 1 })).toBe(9);
  });

  it('adds the cells that strict passes pad with', () => {
    const cellsOf = (strict: boolean): number =>
      planContext({ target: 't', strict }, { ...PLAN, user: TARGET }).tokensPerSequence;
    expect(cellsOf(false)).toBe(1000);
    expect(cellsOf(true)).toBeGreaterThan(1000);
  });

  it('lets threads spin between passes only where they leave the cores to the next pass of another model', () => {
    const between = (threads: number, otherThreads: number) =>
      planContext({ target: 't' }, { ...PLAN, user: TARGET, threads, otherThreads }).betweenPasses;
    expect([between(2, 1), between(2, 2), between(1, 2)]).toEqual(['spin', 'sleep', 'spin']);
  });

  it('has cache types of the target and of the drafts apart', () => {
    const options = { target: 't', cacheTypeK: 'q8_0', draftCacheTypeV: 'q4_0' } as const;
    const target = planContext(options, { ...PLAN, user: TARGET });
    const draft = planContext(options, { ...PLAN, user: { role: 'draft', larger: 0 } });
    expect([target.cacheTypeK, target.cacheTypeV]).toEqual(['q8_0', 'f16']);
    expect([draft.cacheTypeK, draft.cacheTypeV]).toEqual(['f16', 'q4_0']);
  });
});
