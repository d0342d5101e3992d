import { describe, expect, it } from 'vitest';
import { EMPTY_DRAFT } from '../drafter.js';
import { roundOutcome } from '../testing/rounds.js';
import { Economy, type RoundSize, type Spending } from './economy.js';
import { Knowledge } from './knowledge.js';
import { ALONE, type Others } from './shared-pass.js';

const ROUND = { rule: 'matching', room: 16, depth: 10 } as const;
const NOTHING = { drafted: false, probed: false, tried: false, draftPrice: 0 };

/** A pass takes ten milliseconds and each further row so many. */
function setUp({ row = 1, max = 8, others = ALONE.expected, promptRows = 0, waitedMs = 0 } = {}) {
  const points = [1, 2, 4, 8, 32].map((rows) => ({ rows, ms: 10 + row * (rows - 1) }));
  const knowledge = new Knowledge({ costs: { points, levels: [1] } });
  const economy = new Economy(knowledge, max);
  const open = (round: Omit<RoundSize, 'others'>) => economy.open({ ...round, others: others() });
  const drafted = (count: number) => ({ tokens: Array<number>(count).fill(1), confidences: [] });
  const close = (count: number, accepted: number, ms: number, spending: Partial<Spending> = {}, draftMs = 0) => {
    const outcome = roundOutcome(count === 0 ? EMPTY_DRAFT : drafted(count), accepted, 0, { verifyMs: ms, draftMs });
    const companions = { ...others(), promptRows, waitedMs };
    economy.close({ ...NOTHING, drafted: count > 0, companions, ...spending, outcome });
  };
  return { knowledge, economy, open, close };
}

describe('a market', () => {
  it('has the room there is, the prices of the passes, and plain speed at the start', () => {
    const { open } = setUp();
    expect(open({ ...ROUND, room: 5 })).toMatchObject({ rule: 'matching', room: 5, speed: 0.1 });
    const { room, verify } = open(ROUND);
    expect(room).toBe(8);
    expect(verify).toEqual([0, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  it('is dearer by the rows of others, and time in it is worth their tokens too', () => {
    const market = setUp({ others: () => ({ requests: 3, rows: 3 }) }).open(ROUND);
    expect(market.verify.slice(0, 3)).toEqual([0, 13, 14]);
    expect(market.speed).toBeCloseTo(0.4, 9);
  });

  it('values time by the speed of late, never below that of plain decoding', () => {
    const { open, close } = setUp();
    for (let i = 0; i < 200; i++) close(4, 4, 14, { draftPrice: 1 }, 1);
    expect(open(ROUND).speed).toBeCloseTo(5 / 15, 2);
    for (let i = 0; i < 400; i++) close(4, 0, 14, { draftPrice: 20 }, 20);
    const { speed, verify } = open(ROUND);
    expect(speed).toBeCloseTo(1 / verify[1]!, 9);
  });

  it('is closed while the ledger forbids, and for two rounds after 32 that verified: the first is the way back', () => {
    const { knowledge, open, close } = setUp();
    for (let i = 0; i < 32; i++) {
      expect(open(ROUND).room).toBe(8);
      close(2, 2, 12);
    }
    for (let i = 0; i < 2; i++) {
      expect(open(ROUND).room).toBe(0);
      close(0, 0, 10);
    }
    expect(open(ROUND).room).toBe(8);
    knowledge.ledger.addSpeculative(5000, 1, 10);
    expect(open(ROUND).room).toBe(0);
  });

  it('counts a pass once for all requests that share it: each comes to a plain round after 32 passes', () => {
    const { knowledge, open, close } = setUp({ others: () => ({ requests: 3, rows: 3 }) });
    for (let i = 0; i < 4 * 31; i++) {
      expect(open(ROUND).room).toBe(8);
      close(2, 2, 15);
    }
    expect(knowledge.rounds.sincePlain).toBeCloseTo(31, 9);
    for (let i = 0; i < 4; i++) close(2, 2, 15);
    expect(open(ROUND).room).toBe(0);
  });

  it('charges the first draft behind plain rounds with the way back to them, and T(1) never learns of it', () => {
    const { knowledge, open, close } = setUp();
    for (let i = 0; i < 60; i++) {
      close(2, 2, 12);
      close(0, 0, 15);
      close(0, 0, 10);
    }
    expect(knowledge.costs.at(1, 10)).toBeCloseTo(10, 9);
    expect(knowledge.costs.wayBack(10)).toBeGreaterThan(4.5);
    const behindPlain = open(ROUND).verify;
    expect(behindPlain[1]).toBeCloseTo(10, 9);
    expect(behindPlain[3]).toBeGreaterThan(16.5);
    close(2, 2, 12);
    expect(open(ROUND).verify[3]).toBeCloseTo(12, 9);
  });

  it('keeps its prices for four tokens, unless others come or go', () => {
    let others: Others = ALONE.expected();
    const { knowledge, open } = setUp({ others: () => others });
    const priceAt = (depth: number) => open({ ...ROUND, depth }).verify[1]!;
    expect(priceAt(10)).toBe(10);
    for (let i = 0; i < 50; i++) knowledge.costs.observe(1, 10, 15);
    expect(priceAt(13)).toBe(10);
    expect(priceAt(14)).toBeGreaterThan(14);
    for (let i = 0; i < 50; i++) knowledge.costs.observe(1, 10, 10);
    expect(priceAt(9)).toBeLessThan(11);
    others = { requests: 1, rows: 1 };
    expect(priceAt(9)).toBe(knowledge.costs.at(2, 9));
  });
});

describe('the books', () => {
  const books = (of: ReturnType<typeof setUp>) => of.knowledge.ledger.toJSON();

  it('count a plain round as time, and one that nobody was asked in, too', () => {
    const of = setUp();
    of.close(0, 0, 10);
    of.economy.addUnasked(roundOutcome(EMPTY_DRAFT, 0, 0, { verifyMs: 90 }));
    expect(books(of)).toEqual({ elapsed: 100, loss: 0, probed: 0 });
  });

  it('count as loss what a draft took beyond its tokens, also one of which nothing was verified', () => {
    const of = setUp();
    of.close(4, 1, 14, { draftPrice: 3 }, 3);
    expect(books(of)).toEqual({ elapsed: 17, loss: -3, probed: 0 });
    of.close(0, 0, 10, { drafted: true, draftPrice: 2 }, 2);
    expect(books(of)).toEqual({ elapsed: 29, loss: -1, probed: 0 });
  });

  it('count a pass that admitted no token as one that was needed', () => {
    const of = setUp();
    const outcome = { ...roundOutcome({ tokens: [1], confidences: [] }, 0), tokens: [], verifyMs: 11 };
    of.economy.close({ ...NOTHING, drafted: true, companions: ALONE.inLastPass(), outcome });
    expect(books(of).loss).toBeCloseTo(1, 9);
  });

  it('do not take a round that another program interrupted for a loss of speculation', () => {
    const of = setUp();
    of.close(4, 1, 1400, { draftPrice: 2 }, 200);
    const { elapsed } = books(of);
    expect(elapsed).toBeCloseTo(1.5 * 14 + 1.5 * 2, 9);
  });

  it('put the time of a probe into its budget, beside whatever was verified', () => {
    const of = setUp();
    of.close(0, 0, 10, { probed: true, draftPrice: 6 }, 6);
    expect(books(of)).toEqual({ elapsed: 16, loss: 6, probed: 6 });
  });

  it('put there, too, what a trial of a row count took beyond its token', () => {
    const of = setUp();
    of.close(3, 0, 13, { drafted: false, tried: true });
    expect(books(of)).toEqual({ elapsed: 13, loss: 3, probed: 3 });
  });
});

describe('the books of requests that share their passes', () => {
  const books = (of: ReturnType<typeof setUp>) => of.knowledge.ledger.toJSON();
  const three = { requests: 3, rows: 3 };

  it('judge a draft by what its tokens take where all decode plainly', () => {
    const of = setUp({ others: () => three });
    of.knowledge.texts = 4;
    of.open(ROUND);
    // T(4) is 13, T(6) is 15: two tokens of a draft are accepted, one is the target's own.
    of.close(2, 2, 15);
    expect(books(of).loss).toBeCloseTo(15 - 3 * 13, 9);
  });

  it('count the wait for it of those that cannot draft', () => {
    const of = setUp({ others: () => three });
    of.open(ROUND);
    of.close(2, 0, 15, { draftPrice: 4 }, 4);
    expect(books(of).loss).toBeCloseTo(19 - 13 + 3 * (19 - 13), 9);
  });

  it('count a plain round that others’ drafts made longer, and never a gain of it', () => {
    const of = setUp({ others: () => ({ requests: 3, rows: 9 }) });
    of.knowledge.texts = 4;
    of.open(ROUND);
    of.close(0, 0, 19);
    expect(books(of).loss).toBeCloseTo(19 - 13, 9);
    of.close(0, 0, 11);
    expect(books(of).loss).toBeCloseTo(19 - 13, 9);
  });

  it('count what a request waited for, which no pass took', () => {
    const of = setUp({ others: () => ({ requests: 3, rows: 9 }), waitedMs: 5 });
    of.knowledge.texts = 4;
    of.open(ROUND);
    for (let i = 0; i < 50; i++) of.close(0, 0, 19 + 5);
    expect(books(of).loss).toBeCloseTo(50 * (24 - 13), 6);
    expect(of.knowledge.costs.at(10, 10)).toBeCloseTo(19, 6);
  });

  it('leave out the prompt that rode along', () => {
    const of = setUp({ others: () => three, promptRows: 20 });
    of.knowledge.texts = 4;
    of.open(ROUND);
    of.close(2, 2, 35);
    expect(books(of).loss).toBeCloseTo(15 - 3 * 13, 9);
    expect(of.knowledge.costs.at(6, 10)).toBe(15);
  });

  it('count a probe for everybody who waits for it', () => {
    const of = setUp({ others: () => three });
    of.open(ROUND);
    of.close(0, 0, 13, { probed: true, draftPrice: 6 }, 6);
    expect(books(of)).toEqual({ elapsed: 19, loss: 24, probed: 24 });
  });
});

describe('a trial of a row count', () => {
  it('is due after 256 rounds that verified nothing, of the count seen least, where the budget bears it', () => {
    const { knowledge, economy, open, close } = setUp();
    for (let i = 0; i < 255; i++) close(0, 0, 10);
    expect(economy.trialTokens(open(ROUND), 10)).toBe(0);
    close(0, 0, 10);
    const market = open(ROUND);
    expect(economy.trialTokens(market, 10)).toBe(3);
    // Who asks next, perhaps for the same pass, is told that one is under way.
    expect(economy.trialTokens(market, 10)).toBe(0);
    knowledge.costs.observe(4, 10, 13);
    knowledge.rounds.sinceVerified = 256;
    expect(economy.trialTokens(market, 10)).toBe(7);
    knowledge.rounds.sinceVerified = 256;
    knowledge.ledger.addProbe(knowledge.ledger.probeBudget - 2);
    expect(economy.trialTokens(market, 10)).toBe(0);
  });

  it('is never of more tokens than a draft may have', () => {
    const { economy, open, close } = setUp({ max: 2 });
    for (let i = 0; i < 300; i++) close(0, 0, 10);
    expect(economy.trialTokens(open(ROUND), 10)).toBe(1);
  });
});

describe('a probe', () => {
  const price = { first: 2, next: 1, probe: 2, behind: 1 };

  it('is borne where a draft that is nearly always right would pay, and the budget has its price', () => {
    const { knowledge, economy, open } = setUp();
    const market = open(ROUND);
    expect(economy.bearsProbe(market, price)).toBe(false);
    knowledge.ledger.addPlain(201);
    expect(economy.bearsProbe(market, price)).toBe(true);
    expect(economy.bearsProbe(market, { ...price, probe: 2.1 })).toBe(false);
    expect(economy.bearsProbe(market, { ...price, next: 20 })).toBe(false);
  });

  it('is not borne where the rows of a draft would make others wait for more than it gains', () => {
    const bears = (others: number) => {
      const { knowledge, economy, open } = setUp({ row: 10, others: () => ({ requests: others, rows: others }) });
      knowledge.ledger.addPlain(100_000);
      return economy.bearsProbe(open(ROUND), { ...price, next: 0.1 });
    };
    const cheap = setUp({ row: 3 });
    cheap.knowledge.ledger.addPlain(100_000);
    expect(cheap.economy.bearsProbe(cheap.open(ROUND), price)).toBe(true);
    expect([bears(0), bears(8)]).toEqual([false, false]);
  });

  it('may spend, as catching up may, what is left', () => {
    const { knowledge, economy, open } = setUp();
    knowledge.ledger.addPlain(1000);
    expect(economy.probeBudget).toBe(10);
    expect(economy.affordable(open(ROUND))).toBe(50);
  });
});
