import { describe, expect, it } from 'vitest';
import type { Token } from '../distribution.js';
import { type DrawRule, EMPTY_DRAFT } from '../drafter.js';
import { fixedLength } from '../length/fixed.js';
import type { RoundLength } from '../length/policy.js';
import { drawShared, positionNoise, sequentialRandom } from '../random.js';
import { roundOutcome, roundStart, UNTIMED } from '../testing/rounds.js';
import { SoftmaxSampler } from '../testing/softmax-sampler.js';
import { tabularModel } from '../testing/tabular-model.js';
import { TabularSequence } from '../testing/tabular-sequence.js';
import { ModelDrafter } from './model.js';

const END = 4;
const model = tabularModel({ vocabulary: 5, seed: 11 });
const noise = positionNoise(7);
const never = () => false;

function setUp({ capacity = 64, isEnd = never as (token: Token) => boolean } = {}) {
  const sequence = new TabularSequence(model, capacity);
  const sampler = new SoftmaxSampler({ penalty: 0.5 });
  const random = sequentialRandom(3);
  const drafter = new ModelDrafter({ name: 'draft', sequence, sampler, noise, random, isEnd, ...UNTIMED });
  return { sequence, sampler, drafter };
}

function request(context: readonly Token[], count: number, rule: DrawRule = 'matching', length = wanting(count)) {
  return { context, prefix: [], rule, room: count, affordable: Number.POSITIVE_INFINITY, length, signal: undefined };
}

const wanting = (count: number): RoundLength => fixedLength(count).begin(roundStart(count));

const skipped = (position: number, next: Token) => roundOutcome(EMPTY_DRAFT, 0, next, { position });

describe('a proposal', () => {
  it('under matching is drawn with the noise of the target at the same positions', async () => {
    const { drafter, sampler } = setUp();
    const context = [0, 1, 2];
    const draft = await drafter.propose(request(context, 4));
    const expected: Token[] = [];
    const oracle = new SoftmaxSampler({ penalty: 0.5, history: context });
    for (let i = 0; i < 4; i++) {
      const law = oracle.law(model.logits([...context, ...expected]));
      const token = drawShared(law, noise, context.length + i);
      expect(draft.confidences[i]).toBe(law.probabilities[Array.from(law.ids).indexOf(token)]);
      oracle.push(token);
      expected.push(token);
    }
    expect(draft.tokens).toEqual(expected);
    expect(sampler.history).toEqual([...context, ...expected]);
  });

  it('under rejection names the law of every token, given the tokens before', async () => {
    const { drafter } = setUp();
    const context = [0, 1, 2];
    const { tokens, laws } = await drafter.propose(request(context, 4, 'rejection'));
    const oracle = new SoftmaxSampler({ penalty: 0.5, history: context });
    const expected = tokens.map((token, i) => {
      const law = oracle.law(model.logits([...context, ...tokens.slice(0, i)]));
      oracle.push(token);
      return law;
    });
    expect(laws).toEqual(expected);
  });

  it('ends behind a token that ends the text', async () => {
    const { drafter } = setUp({ isEnd: (token) => token === END });
    const { tokens } = await drafter.propose(request([0, 1, 2], 60));
    expect(tokens.length).toBeLessThan(60);
    expect(tokens.indexOf(END)).toBe(tokens.length - 1);
  });

  it('ends where its cache is full, and is empty where the context does not fit', async () => {
    const { drafter, sequence } = setUp({ capacity: 5 });
    const draft = await drafter.propose(request([0, 1, 2], 10));
    expect(draft.tokens).toHaveLength(3);
    expect(sequence.length).toBe(5);
    drafter.observe(roundOutcome(draft, 3, 0, { position: 3 }));
    expect(await drafter.propose(request([0, 1, 2, ...draft.tokens, 0], 10))).toEqual({ tokens: [], confidences: [] });
  });

  it('asks before every forward, and before every draw with the peak of the law', async () => {
    const { drafter, sequence } = setUp();
    const asked: string[] = [];
    const length: RoundLength = {
      wants: ({ length: drafted }) => {
        asked.push(`wants ${drafted} after ${sequence.length}`);
        return true;
      },
      admits: (peak) => {
        asked.push(`admits ${peak > 1 / 5 && peak < 1} after ${sequence.length}`);
        return asked.length < 6;
      },
      keep: () => 0,
    };
    const { tokens } = await drafter.propose(request([0, 1, 2], 9, 'matching', length));
    expect(tokens).toHaveLength(2);
    expect(asked).toEqual([
      'wants 0 after 0',
      'admits true after 3',
      'wants 1 after 3',
      'admits true after 4',
      'wants 2 after 4',
      'admits true after 5',
    ]);
  });
});

describe('its cache', () => {
  it('is trimmed to the accepted tokens after a rejection', async () => {
    const { drafter, sequence, sampler } = setUp();
    const context = [0, 1, 2];
    const draft = await drafter.propose(request(context, 4));
    drafter.observe(roundOutcome(draft, 1, 3, { position: 3 }));
    expect(sequence.tokens).toEqual([0, 1, 2, draft.tokens[0]]);
    expect(sampler.history).toEqual([0, 1, 2, draft.tokens[0]]);
  });

  it('after full acceptance lacks the last draft token, which joins the next first batch', async () => {
    const { drafter, sequence } = setUp();
    const draft = await drafter.propose(request([0, 1, 2], 2));
    drafter.observe(roundOutcome(draft, 2, 3, { position: 3 }));
    expect(sequence.tokens).toEqual([0, 1, 2, draft.tokens[0]]);
    sequence.evaluated.length = 0;
    const context = [0, 1, 2, ...draft.tokens, 3];
    await drafter.propose(request(context, 1));
    expect(sequence.evaluated).toEqual([context.slice(0, 5).join(' '), context.join(' ')]);
  });

  it('keeps a token that was dropped and that the target then said', async () => {
    const { drafter, sequence, sampler } = setUp();
    const { tokens } = await drafter.propose(request([0, 1, 2], 4));
    drafter.observe(roundOutcome(EMPTY_DRAFT, 0, tokens[0]!, { position: 3 }));
    expect(sequence.tokens).toEqual([0, 1, 2, tokens[0]]);
    expect((await drafter.propose(request([0, 1, 2, tokens[0]!], 3))).tokens).toEqual(tokens.slice(1));
    expect(sampler.history).toEqual([0, 1, 2, ...tokens]);
  });

  it('keeps what it holds while nobody asks it to draft, and catches up when somebody does', async () => {
    const { drafter, sequence } = setUp();
    const draft = await drafter.propose(request([0, 1, 2], 3));
    drafter.observe(roundOutcome(draft, 2, 3, { position: 3 }));
    drafter.observe(skipped(6, 1));
    drafter.observe(skipped(7, 2));
    const context = [0, 1, 2, ...draft.tokens.slice(0, 2), 3, 1, 2];
    await drafter.propose(request(context, 2));
    expect(new Set(sequence.evaluated).size).toBe(sequence.evaluated.length);
    expect(sequence.tokens.slice(0, context.length)).toEqual(context);
  });

  it('that came with the beginning of the context is kept through rounds without a draft', async () => {
    const { drafter, sequence, sampler } = setUp();
    await sequence.evaluate([0, 1, 2], 0, () => {});
    for (const token of [0, 1, 2]) sampler.push(token);
    drafter.observe(skipped(3, 3));
    expect(sequence.length).toBe(3);
    expect(sampler.length).toBe(3);
    await drafter.propose(request([0, 1, 2, 3], 1));
    expect(sequence.evaluated).toEqual(['0', '0 1', '0 1 2', '0 1 2 3']);
  });

  it('forgets a draft that was never judged since the round threw', async () => {
    const { drafter, sequence, sampler } = setUp();
    const first = await drafter.propose(request([0, 1, 2], 4));
    const other = (first.tokens[0]! + 1) % 5;
    const context = [0, 1, 2, other, other];
    const { tokens } = await drafter.propose(request(context, 2));
    expect(sequence.tokens).toEqual([...context, tokens[0]]);
    expect(sampler.history).toEqual([...context, ...tokens]);
  });

  it('is closed with it', () => {
    const { drafter, sequence } = setUp();
    drafter.close();
    drafter.close();
    expect(sequence.closed).toBe(true);
  });
});
