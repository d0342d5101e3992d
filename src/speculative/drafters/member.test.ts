import { describe, expect, it, vi } from 'vitest';
import type { DraftPrice } from '../drafter.js';
import { Knowledge } from '../length/knowledge.js';
import type { Market } from '../length/market.js';
import { TextBooks } from '../length/text-books.js';
import { roundOutcome } from '../testing/rounds.js';
import { ScriptedDrafter } from '../testing/scripted-drafter.js';
import { Member } from './member.js';

const PRICE: DraftPrice = { first: 1, next: 0.1, probe: 2, behind: 1 };

const booksOf = (knowledge: Knowledge, kind = 'test') => new TextBooks({ knowledge, kind, max: 8 });

function setUp(price: DraftPrice | undefined = PRICE) {
  const knowledge = new Knowledge({ costs: { points: [{ rows: 1, ms: 1 }], levels: [1] } });
  const drafter = new ScriptedDrafter({ name: 'one', says: () => [], ...(price && { price }) });
  const member = new Member(drafter, booksOf(knowledge).of(drafter));
  /** What it was told of tokens: confidence and whether it was accepted. */
  const labels: [number, boolean][] = [];
  vi.spyOn(member.acceptance('matching'), 'learn').mockImplementation((confidence, accepted) => {
    labels.push([confidence, accepted]);
  });
  return { knowledge, member, labels };
}

const free = () => {
  const knowledge = new Knowledge({ costs: { points: [{ rows: 1, ms: 1 }], levels: [1] } });
  const drafter = new ScriptedDrafter({ name: 'one', says: () => [] });
  return { knowledge, member: new Member(drafter, booksOf(knowledge).of(drafter)) };
};

describe('Member', () => {
  it('lets a cold drafter go on up to eight tokens, and any number after 64 were judged', () => {
    const { member } = free();
    for (let i = 0; i < 64; i++) {
      expect([0, 3, 12].map((drafted) => member.limit('matching', drafted))).toEqual([8, 5, 0]);
      member.acceptance('matching').learn(0.9, true);
    }
    expect(member.limit('matching', 12)).toBe(Number.POSITIVE_INFINITY);
  });

  it('knows what is read off a text by one acceptance under both rules, and a model by one for each', () => {
    const { member } = free();
    expect(member.acceptance('rejection').judged).toBe(0);
    member.acceptance('matching').learn(0.9, true);
    expect(member.acceptance('rejection').judged).toBe(1);
    const priced = setUp().member;
    priced.acceptance('rejection').learn(0.9, true);
    expect(priced.acceptance('matching').judged).toBe(0);
  });

  it('shares what it learns with the next text, by drafter, rule and kind', () => {
    const { knowledge, member } = free();
    member.acceptance('matching').learn(0.9, true);
    expect(knowledge.acceptanceOf('one matching test').judged).toBe(1);
    const judgedUnder = (kind: string): number =>
      new Member(member.drafter, booksOf(knowledge, kind).of(member.drafter)).acceptance('matching').judged;
    expect(judgedUnder('test')).toBe(1);
    expect(judgedUnder('other')).toBe(0);
  });

  it('learns of an offer what the text says up to the first difference, whatever was verified', () => {
    const { member, labels } = setUp();
    const offer = { tokens: [1, 2, 3, 4], confidences: [0.1, 0.2, 0.3, 0.4] };
    const written = { ...roundOutcome({ tokens: [], confidences: [] }, 0), tokens: [1, 2, 9, 4] };
    member.learnOffer(offer, written, 'matching');
    expect(labels.splice(0)).toEqual([
      [0.1, true],
      [0.2, true],
      [0.3, false],
    ]);
    member.learnOffer(offer, { ...written, tokens: [1] }, 'matching');
    expect(labels).toEqual([[0.1, true]]);
  });

  it('learns of its part the judged tokens, and of no others', () => {
    const { member, labels } = setUp();
    const draft = { tokens: [1, 2, 3, 4, 5, 6], confidences: [] };
    const beliefs = [0.3, 0.4, 0.5];
    const learnt = (accepted: number, written = accepted + 1) => {
      const outcome = roundOutcome(draft, accepted);
      member.learnPart(2, beliefs, { ...outcome, tokens: outcome.tokens.slice(0, written) }, 'matching');
      return labels.splice(0);
    };
    expect(learnt(1)).toEqual([]);
    expect(learnt(2)).toEqual([[0.3, false]]);
    expect(learnt(4)).toEqual([
      [0.3, true],
      [0.4, true],
      [0.5, false],
    ]);
    expect(learnt(6)).toEqual(beliefs.map((belief) => [belief, true]));
    // The text ended, or a draft model stopped looking, before all of it was judged.
    expect(learnt(3, 3)).toEqual([[0.3, true]]);
    expect(learnt(6, 4)).toEqual([
      [0.3, true],
      [0.4, true],
    ]);
  });

  it('learns nothing of tokens that were dropped before verification', () => {
    const { member, labels } = setUp();
    member.learnPart(0, [0.3, 0.4], roundOutcome({ tokens: [1], confidences: [] }, 1), 'matching');
    expect(labels).toEqual([[0.3, true]]);
  });

  it('reckons anew what drafting is worth after eight rounds, and at once after a probe', () => {
    const { member } = setUp();
    const market = (): Market => ({ rule: 'matching', room: 4, speed: 1, verify: [0, 1, 1.1, 1.2, 1.3, 1.4, 1.5] });
    const first = member.value(market(), PRICE);
    for (let i = 0; i < 7; i++) expect(member.value(market(), PRICE)).toBe(first);
    const second = member.value(market(), PRICE);
    expect(second).not.toBe(first);
    const same = market();
    for (let i = 0; i < 20; i++) expect(member.value(same, PRICE)).toBe(second);
    member.learnEvidence([{ confidence: 0.9, accepted: false }], 'matching');
    expect(member.value(same, PRICE)).not.toBe(second);
  });

  it('learns each position of a probe, where a draft may begin, and what goes on behind a token that the text has', () => {
    const { member, labels } = setUp();
    const drafted = vi.spyOn(member.acceptance('matching'), 'drafted');
    const stateAfter = (confidence?: number) => member.acceptance('matching').stateAfter(confidence);
    const [start, sure] = [stateAfter(undefined), stateAfter(0.99)];
    const evidence = [true, false, true].map((accepted) => ({ confidence: 0.99, accepted }));
    member.learnEvidence(evidence, 'matching');
    expect(labels).toEqual(evidence.map(({ confidence, accepted }) => [confidence, accepted]));
    expect(drafted.mock.calls.map(([, state]) => state)).toEqual([start, start, sure, start]);
  });
});
