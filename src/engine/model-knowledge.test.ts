import { describe, expect, it } from 'vitest';
import type { KnowledgeState } from '../speculative/index.js';
import type { KnowledgeStore } from './knowledge-store.js';
import { fakeEngine } from './testing/engine.js';

/** A store for one pair, whose stored draft takes so many milliseconds a pass of one row. */
function storeOf(first: KnowledgeState, draftMs: number): KnowledgeStore {
  const costs = { points: [{ rows: 1, ms: draftMs }] };
  return { load: () => ({ ...first, draftCosts: { draft1: costs } }), save: () => {} };
}

describe('what is stored of a pair', () => {
  it('is taken as it is, but for a draft whose passes take much less by now: nobody would ever see that', async () => {
    const first = (await fakeEngine({ draft: {} })).engine.models.learnt.knowledge.toJSON();
    const costOf = async (draftMs: number) => {
      const { engine } = await fakeEngine({ draft: {}, knowledge: storeOf(first, draftMs) });
      return engine.models.learnt.knowledge.draftCostsOf('draft1')!.at(1, 0);
    };
    expect(await costOf(1e6)).toBeLessThan(1e5);
    expect(await costOf(1e-6)).toBe(1e-6);
  });
});
