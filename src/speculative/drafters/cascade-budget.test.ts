import { describe, expect, it } from 'vitest';
import type { DraftPrice } from '../drafter.js';
import { Knowledge } from '../length/knowledge.js';
import { ALONE } from '../length/shared-pass.js';
import { TextBooks } from '../length/text-books.js';
import type { Proposal, ProposalRequest } from '../proposer.js';
import { plainText, setUp as setUpLoop } from '../testing/generation.js';
import { roundOutcome } from '../testing/rounds.js';
import { run } from '../testing/run.js';
import { type Script, ScriptedDrafter } from '../testing/scripted-drafter.js';
import { Cascade } from './cascade.js';

const CHEAP: DraftPrice = { first: 0.05, next: 0.05, probe: 0.5, behind: 1 };
const WRONG = { confidence: 0.9, accepted: false };

const model = (more: Partial<Script> = {}) =>
  new ScriptedDrafter({ name: 'model', says: () => Array(4).fill([1, 0.95]), price: CHEAP, evidence: WRONG, ...more });

/** A pass takes a millisecond and a row more this part of it. */
function setUp(drafters: readonly ScriptedDrafter[], row = 0.1, max = 8) {
  const points = [1, 2, 4, 8, 16].map((rows) => ({ rows, ms: 1 + row * (rows - 1) }));
  const knowledge = new Knowledge({ costs: { points, levels: [1] } });
  const books = new TextBooks({ knowledge, kind: 'test', max });
  const cascade = new Cascade({ drafters, books, isEnd: () => false, company: ALONE });
  /** A round in which so many tokens are accepted, at the prices there are. */
  const round = async (accepted: number, more: Partial<ProposalRequest> = {}): Promise<Proposal> => {
    const before = drafters.map(({ forwards, probes }) => [forwards, probes.length] as const);
    const asked = {
      context: [7, 7, 7],
      prefix: [],
      rule: 'matching',
      room: 16,
      generated: 100,
      signal: undefined,
    } as const;
    const proposal = await cascade.propose({ ...asked, ...more });
    const draftMs = drafters.reduce((sum, { forwards, probes }, i) => {
      const [drawn, probed] = before[i]!;
      return sum + (forwards - drawn) * CHEAP.next + (probes.length - probed) * CHEAP.probe;
    }, 0);
    const { draft } = proposal;
    const kept = Math.min(accepted, draft.tokens.length);
    cascade.observe(roundOutcome(draft, kept, 0, { draftMs, verifyMs: 1 + row * draft.tokens.length, position: 3 }));
    return proposal;
  };
  return { knowledge, round };
}

describe('the ledger', () => {
  it('forbids every draft while more was lost than is allowed; what costs nothing is heard all the same', async () => {
    const offer = new ScriptedDrafter({ name: 'offer', says: () => [[1, 0.99]] });
    const large = model();
    const { knowledge, round } = setUp([offer, large]);
    knowledge.ledger.addSpeculative(1000, 1, 1);
    for (let i = 0; i < 7; i++) expect((await round(0)).draft.tokens).toEqual([]);
    expect(large.requests).toEqual([]);
    expect(offer.requests).toHaveLength(7);
    expect(knowledge.acceptanceOf('offer matching test').judged).toBe(7);
  });

  it('counts a model that was asked and whose law was not admitted', async () => {
    // Asked in hope, it has nothing that is worth drawing.
    const large = model({ says: () => [[1, 0.01]] });
    const { knowledge, round } = setUp([large], 0.3);
    expect((await round(0, { rule: 'rejection' })).draft.tokens).toEqual([]);
    expect(large.forwards).toBe(1);
    expect(knowledge.ledger.toJSON().loss).toBeCloseTo(CHEAP.next, 9);
  });
});

describe('a hopeless model', () => {
  it('costs 1,000 tokens hardly a forward beyond what ledger and budget of probes bear', async () => {
    const large = model();
    const { knowledge, round } = setUp([large]);
    let time = 0;
    const decoded = 1000;
    for (let i = 0; i < decoded; i++) {
      const { draft } = await round(0);
      time += 1 + 0.1 * draft.tokens.length;
    }
    const spent = large.forwards * CHEAP.next + large.probes.length * CHEAP.probe;
    // Four plain tokens at once, and a hundredth of the time for drafts and for probes each; a round may overdraw.
    expect(time + spent).toBeLessThan(1.02 * decoded + 4 + 2);
    expect(large.probes.length * CHEAP.probe).toBeLessThanOrEqual(knowledge.ledger.toJSON().elapsed * 0.01);
    expect(large.requests.length).toBeLessThan(60);
  });

  it('is left alone altogether where not even a perfect draft would pay', async () => {
    const large = model();
    const { round } = setUp([large], 1);
    for (let i = 0; i < 300; i++) await round(0);
    expect([large.requests.length, large.probes.length]).toEqual([0, 0]);
  });
});

describe('a probe', () => {
  const dear = { ...CHEAP, first: 50, next: 0.05 };

  it('is made when one is due and the budget bears it, on at most 32 generated tokens', async () => {
    const large = model({ price: dear });
    const { knowledge, round } = setUp([large]);
    for (let i = 0; i < 30; i++) await round(0);
    expect(large.probes).toEqual([]);
    knowledge.ledger.addPlain(30);
    expect((await round(0, { generated: 11 })).evidence).toEqual([]);
    expect((await round(0, { generated: 12 })).evidence).toHaveLength(12);
    knowledge.ledger.addPlain(1000);
    for (let i = 0; i < 16; i++) await round(0);
    expect(large.probes).toEqual([12, 32]);
    expect(large.requests).toEqual([]);
    expect(knowledge.acceptanceOf('model matching test').judged).toBe(44);
  });

  it('is paid from the budget, and is never made beyond it', async () => {
    const large = model({ price: dear });
    const { knowledge, round } = setUp([large]);
    for (let i = 0; i < 2000; i++) {
      await round(0);
      const { probed, elapsed } = knowledge.ledger.toJSON();
      expect(probed).toBeLessThanOrEqual(0.01 * elapsed + 1e-9);
    }
    expect(large.probes.length).toBeGreaterThan(3);
  });

  it('lets a model draft that turns out to be good', async () => {
    const large = model({ says: () => Array(4).fill([1, 0.5]), evidence: { confidence: 0.5, accepted: true } });
    const { knowledge, round } = setUp([large], 0.3);
    for (let i = 0; i < 200; i++) knowledge.acceptanceOf('model matching test').learn(0.5, 1);
    for (let i = 0; i < 8; i++) expect((await round(0)).draft.tokens).toEqual([]);
    let drafted = 0;
    for (let i = 0; i < 400; i++) drafted += (await round(4)).draft.tokens.length;
    expect(large.probes.length).toBeGreaterThan(0);
    expect(drafted).toBeGreaterThan(100);
  });

  it('is not made for a draft model that is drafted for, nor while a model drafts', async () => {
    const helper = model({ price: dear });
    const { knowledge, round } = setUp([helper]);
    knowledge.ledger.addPlain(1000);
    for (let i = 0; i < 40; i++) await round(0, { prefix: [1] });
    expect(helper.probes).toEqual([]);
    const busy = model();
    const drafting = setUp([busy]);
    drafting.knowledge.ledger.addPlain(1000);
    for (let i = 0; i < 40; i++) await drafting.round(4);
    expect(busy.probes).toEqual([]);
    expect(busy.requests.length).toBeGreaterThan(30);
  });
});

describe('rounds for nothing but their time', () => {
  it('verify a few rows after 256 plain rounds, no more than a draft may have', async () => {
    const { round } = setUp([], 1, 2);
    for (let i = 0; i < 256; i++) expect((await round(0)).draft.tokens).toEqual([]);
    const { draft } = await round(0);
    expect(draft.tokens).toEqual([7]);
    expect((await round(0)).draft.tokens).toEqual([]);
  });

  it('are plain ones after 32 that verified', async () => {
    const { round } = setUp([model()]);
    const lengths: number[] = [];
    for (let i = 0; i < 34; i++) lengths.push((await round(4)).draft.tokens.length);
    expect(lengths.slice(0, 32).every((length) => length > 0)).toBe(true);
    expect([lengths[32], lengths[33]]).toEqual([0, 0]);
    expect((await round(4)).draft.tokens.length).toBeGreaterThan(0);
  });
});

describe('in the loop', () => {
  it('nobody is asked before the first token is there', async () => {
    const [offer, large] = [new ScriptedDrafter({ name: 'offer', says: () => [[0, 0.99]] }), model()];
    const points = [
      { rows: 1, ms: 1 },
      { rows: 16, ms: 1.1 },
    ];
    const knowledge = new Knowledge({ costs: { points, levels: [1] } });
    const books = new TextBooks({ knowledge, kind: 'test', max: 8 });
    const common = { books, isEnd: () => false, company: ALONE };
    const loop = setUpLoop({ proposer: new Cascade({ ...common, drafters: [offer, large] }) });
    const prompt = loop.context.length;
    await run(loop);
    for (const { requests } of [offer, large]) {
      expect(requests.length).toBeGreaterThan(0);
      for (const { context } of requests) expect(context.length).toBeGreaterThan(prompt);
    }
    expect(loop.context).toEqual(await plainText(24));
  });
});
