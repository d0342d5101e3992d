import { describe, expect, test } from 'vitest';
import { type Drafter, fixedLength, type RoundOutcome, sequentialRandom } from '../speculative/index.js';
import { GarblingDrafter, isGarbled } from './garbling-drafter.js';

const PRICE = { first: 3, next: 2, probe: 1, behind: 1 };
const OPTIONS = { promptTokens: 4, stretch: 2, vocabularySize: 1000, random: sequentialRandom(1) };

function inner(): Drafter & { readonly observed: RoundOutcome[] } {
  const observed: RoundOutcome[] = [];
  return {
    name: 'inner',
    observed,
    propose: async () => ({ tokens: [1001, 1002], confidences: [0.9, 0.8] }),
    price: () => PRICE,
    probe: async (_, count) => Array.from({ length: count }, () => ({ confidence: 0.9, accepted: true })),
    observe: (outcome) => void observed.push(outcome),
    close: () => {},
  };
}

/** What a round at that position asks and learns. */
async function round(drafter: Drafter, position: number) {
  const length = fixedLength(2).begin({ room: 2, rule: 'matching', depth: 0, price: PRICE });
  const request = {
    context: Array(position).fill(0),
    prefix: [],
    rule: 'matching' as const,
    room: 2,
    affordable: 0,
    length,
    signal: undefined,
  };
  const draft = await drafter.propose(request);
  const rest = { dropped: 0, tokens: [], evidence: [], draftMs: 0, verifyMs: 0 };
  drafter.observe({ position, draft, accepted: 2, ...rest });
  return draft;
}

describe('the garbling drafter', () => {
  test('garbles every other stretch of what is generated', () => {
    expect([4, 5, 6, 7, 8, 9, 10].map((position) => isGarbled(position, OPTIONS))).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
      true,
    ]);
  });

  test('there it draws at random with the same confidences, and says so to nobody but the drafter within', async () => {
    const within = inner();
    const drafter = new GarblingDrafter(within, OPTIONS);
    expect(await round(drafter, 5)).toEqual({ tokens: [1001, 1002], confidences: [0.9, 0.8] });
    const garbled = await round(drafter, 7);
    expect(garbled.confidences).toEqual([0.9, 0.8]);
    for (const token of garbled.tokens) expect(token).toBeLessThan(1000);
    expect(within.observed.map(({ accepted }) => accepted)).toEqual([2, 0]);
  });

  test('costs what the drafter within costs, and its probes fail there', async () => {
    const drafter = new GarblingDrafter(inner(), OPTIONS);
    expect(drafter.price!(8, 1)).toEqual(PRICE);
    const evidence = await drafter.probe!(Array(8).fill(0), 4, 'matching', 1);
    expect(evidence.map(({ accepted }) => accepted)).toEqual([true, true, false, false]);
  });
});
