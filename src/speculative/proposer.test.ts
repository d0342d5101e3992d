import { describe, expect, it } from 'vitest';
import type { Draft, Drafter, DraftRequest } from './drafter.js';
import { fixedLength } from './length/fixed.js';
import type { LengthPolicy, RoundStart } from './length/policy.js';
import { headOf, NO_PROPOSAL, type ProposalRequest, SingleProposer } from './proposer.js';
import { roundOutcome } from './testing/rounds.js';

const law = (id: number) => ({ ids: [id], probabilities: [1] });
const whole: Draft = {
  tokens: [5, 6, 7],
  confidences: [0.9, 0.8, 0.7],
  laws: [law(5), undefined, law(7)],
  sources: ['a', 'b', 'c'],
};

describe('headOf', () => {
  it('cuts all that runs along with the tokens', () => {
    expect(headOf(whole, 2)).toEqual({
      tokens: [5, 6],
      confidences: [0.9, 0.8],
      laws: [law(5), undefined],
      sources: ['a', 'b'],
    });
  });

  it('adds nothing that was not there, and leaves a draft of that length alone', () => {
    expect(headOf({ tokens: [1, 2], confidences: [1, 1] }, 1)).toEqual({ tokens: [1], confidences: [1] });
    expect(headOf(whole, 3)).toBe(whole);
  });
});

describe('SingleProposer', () => {
  const request: ProposalRequest = {
    context: [1, 2, 3],
    prefix: [4],
    rule: 'matching',
    room: 2,
    generated: 1,
    signal: undefined,
  };

  function setUp(length: LengthPolicy, draft: Draft = whole, price?: Drafter['price']) {
    const asked: DraftRequest[] = [];
    const told: unknown[] = [];
    const drafter: Drafter = {
      name: 'stub',
      propose: async (of) => {
        asked.push(of);
        return draft;
      },
      ...(price && { price }),
      observe: (outcome) => told.push(outcome),
      close: () => told.push('closed'),
    };
    return { proposer: new SingleProposer(drafter, length), asked, told };
  }

  const keeping = (count: number, starts: RoundStart[] = []): LengthPolicy => ({
    name: 'keeping',
    begin: (start) => {
      starts.push(start);
      return { wants: () => true, admits: () => true, keep: () => count };
    },
    observe: () => {},
  });

  it('does not ask a drafter whose length wants nothing', async () => {
    const { proposer, asked } = setUp(fixedLength(0));
    expect(await proposer.propose(request)).toBe(NO_PROPOSAL);
    expect(asked).toEqual([]);
  });

  it('passes on what it was asked, and lets the drafter see the whole text', async () => {
    const { proposer, asked } = setUp(keeping(1));
    await proposer.propose(request);
    const { context, prefix, rule, room, signal } = request;
    expect(asked).toMatchObject([{ context, prefix, rule, room, signal, affordable: Number.POSITIVE_INFINITY }]);
  });

  it('cuts to the room, and under matching to what the length keeps', async () => {
    const inRoom = await setUp(keeping(3)).proposer.propose(request);
    expect(inRoom).toEqual({ draft: headOf(whole, 2), dropped: 1, evidence: [] });
    const kept = await setUp(keeping(1)).proposer.propose(request);
    expect(kept).toEqual({ draft: headOf(whole, 1), dropped: 2, evidence: [] });
  });

  it('does not ask what to keep under rejection, where that would change the law', async () => {
    const { draft } = await setUp(keeping(0)).proposer.propose({ ...request, rule: 'rejection' });
    expect(draft.tokens).toEqual([5, 6]);
  });

  it('tells the length the depth behind the prefix and the price, which is nothing where the drafter names none', async () => {
    const starts: RoundStart[] = [];
    const price = { first: 5, next: 2, probe: 7, behind: 4 };
    const priced = setUp(keeping(1, starts), whole, (depth, affordable) => ({ ...price, behind: depth + affordable }));
    await priced.proposer.propose(request);
    await setUp(keeping(1, starts)).proposer.propose(request);
    expect(starts).toEqual([
      { room: 2, rule: 'matching', depth: 4, price: { ...price, behind: Number.POSITIVE_INFINITY } },
      { room: 2, rule: 'matching', depth: 4, price: { first: 0, next: 0, probe: 0, behind: 0 } },
    ]);
  });

  it('tells both what became of a round, and closes the drafter', () => {
    const heard: unknown[] = [];
    const { proposer, told } = setUp({ ...keeping(1), observe: (outcome) => heard.push(outcome) });
    const outcome = roundOutcome(whole, 1);
    proposer.observe(outcome);
    proposer.close();
    expect(heard).toEqual([outcome]);
    expect(told).toEqual([outcome, 'closed']);
  });
});
