import { describe, expect, it } from 'vitest';
import type { Token } from '../distribution.js';
import type { DraftRequest } from '../drafter.js';
import { CostCurve } from '../length/cost-curve.js';
import { fixedLength } from '../length/fixed.js';
import { drawShared, positionNoise, sequentialRandom } from '../random.js';
import { roundOutcome, roundStart, UNTIMED } from '../testing/rounds.js';
import { SoftmaxSampler } from '../testing/softmax-sampler.js';
import { tabularModel } from '../testing/tabular-model.js';
import { TabularSequence } from '../testing/tabular-sequence.js';
import { ModelDrafter } from './model.js';

const VOCABULARY = 5;
const model = tabularModel({ vocabulary: VOCABULARY, seed: 11 });
const noise = positionNoise(7);
/** Its first token stands nowhere else. */
const TEXT = [4, ...Array.from({ length: 399 }, (_, i) => ((i * i) >> 2) % 4)];

/** A millisecond a token, so that `affordable` is a number of tokens. */
function setUp() {
  const sequence = new TabularSequence(model, 500);
  const sampler = new SoftmaxSampler({});
  const costs = new CostCurve({ points: [{ rows: 1, ms: 1 }] });
  const parts = { sequence, sampler, noise, random: sequentialRandom(3), isEnd: () => false };
  return { sequence, sampler, drafter: new ModelDrafter({ ...UNTIMED, name: 'draft', costs, ...parts }) };
}

function request(context: readonly Token[], affordable: number, more: Partial<DraftRequest> = {}): DraftRequest {
  const length = fixedLength(2).begin(roundStart(2));
  return { context, prefix: [], rule: 'matching', room: 2, affordable, length, signal: undefined, ...more };
}

/** What a draft behind the text should be, by a model that looks back less far than any window. */
function expected(text: readonly Token[], count: number): Token[] {
  const tokens: Token[] = [];
  for (let i = 0; i < count; i++) {
    const law = new SoftmaxSampler({}).law(model.logits([...text, ...tokens]));
    tokens.push(drawShared(law, noise, text.length + i));
  }
  return tokens;
}

describe('a timeline that can afford little', () => {
  it('sees the first token and the end of the text, and drafts what it would with all of it', async () => {
    const { drafter, sequence } = setUp();
    expect(drafter.price(300, 80)).toMatchObject({ first: 75, behind: 75, next: 1 });
    const context = TEXT.slice(0, 300);
    const { tokens } = await drafter.propose(request(context, 80));
    expect(tokens).toEqual(expected(context, 2));
    expect(sequence.tokens).toEqual([4, ...context.slice(226), tokens[0]]);
  });

  it('sees at least 32 tokens, and says what they cost', async () => {
    const { drafter, sequence } = setUp();
    expect(drafter.price(300, 1)).toMatchObject({ first: 32, probe: 32, behind: 32 });
    await drafter.propose(request(TEXT.slice(0, 300), 1));
    expect(sequence.length).toBe(33);
  });

  it('goes on from what it sees, also behind a rejection', async () => {
    const { drafter, sequence } = setUp();
    const context = TEXT.slice(0, 300);
    const draft = await drafter.propose(request(context, 40));
    const next = (draft.tokens[0]! + 1) % 4;
    drafter.observe(roundOutcome(draft, 0, next, { position: 300 }));
    context.push(next);
    expect(drafter.price(301, 40)).toMatchObject({ first: 1, behind: 1 });
    const seen = sequence.length;
    const { tokens } = await drafter.propose(request(context, 40));
    expect(tokens).toEqual(expected(context, 2));
    expect(sequence.tokens).toEqual([4, ...context.slice(302 - seen - 1), tokens[0]]);
  });

  it('sees more when it may spend twice what that takes, from the beginning and in agreement with the text', async () => {
    const { drafter, sequence } = setUp();
    const context = TEXT.slice(0, 300);
    const draft = await drafter.propose(request(context, 1));
    drafter.observe(roundOutcome(draft, 2, 3, { position: 300 }));
    context.push(...draft.tokens, 3);
    expect(drafter.price(303, 255).behind).toBe(2);
    expect(drafter.price(303, 256)).toMatchObject({ first: 2, behind: 2, wider: 126, probe: 128 });
    const { tokens } = await drafter.propose(request(context, 256));
    expect(tokens).toEqual(expected(context, 2));
    expect(sequence.tokens).toEqual([4, ...context.slice(-128), tokens[0]]);
    // With enough to spend the hole is gone.
    drafter.observe(roundOutcome({ tokens, confidences: [1, 1] }, 2, 3, { position: 303 }));
    context.push(...tokens, 3);
    await drafter.propose(request(context, 10_000));
    expect(sequence.tokens.slice(0, context.length)).toEqual(context);
  });

  it('begins anew where the hole reaches into tokens that others drafted and the text does not have', async () => {
    const { drafter, sequence } = setUp();
    const context = TEXT.slice(0, 300);
    const prefix = TEXT.slice(300, 350);
    const behind = await drafter.propose(request(context, 1, { prefix }));
    expect(behind.tokens).toEqual(expected([...context, ...prefix], 2));
    const draft = { tokens: [...prefix, ...behind.tokens], confidences: [] };
    drafter.observe(roundOutcome(draft, 1, 4, { position: 300 }));
    context.push(prefix[0]!, 4);
    const { tokens } = await drafter.propose(request(context, 1));
    expect(tokens).toEqual(expected(context, 2));
    expect(sequence.tokens).toEqual([4, ...context.slice(-32), tokens[0]]);
  });

  it('keeps the beginning of the text that it has, whatever it sees anew behind it', async () => {
    const { drafter, sequence } = setUp();
    const first = await drafter.propose(request(TEXT.slice(0, 200), 1000));
    drafter.observe(roundOutcome(first, 0, TEXT[200], { position: 200 }));
    const known = sequence.length;
    // Much was said since then.
    const context = TEXT.slice(0, 300);
    await drafter.propose(request(context, 1));
    expect(sequence.tokens.slice(0, -1)).toEqual([...context.slice(0, known), ...context.slice(-32)]);
    const missing = 300 - known;
    expect(drafter.price(300, 2 * missing - 1).behind).toBe(1);
    expect(drafter.price(300, 2 * missing)).toMatchObject({ first: 1, behind: 1, wider: missing - 1, probe: missing });
    const { tokens } = await drafter.propose(request(context, 2 * missing));
    expect(tokens).toEqual(expected(context, 2));
    expect(sequence.tokens).toEqual([...context, tokens[0]]);
  });
});

describe('a probe', () => {
  /** What it should find at the last `count` positions. */
  function evidenceOf(context: readonly Token[], count: number) {
    return Array.from({ length: count }, (_, i) => {
      const at = context.length - count + i;
      const law = new SoftmaxSampler({}).law(model.logits(context.slice(0, at)));
      const token = drawShared(law, noise, at);
      return { confidence: law.probabilities[Array.from(law.ids).indexOf(token)], accepted: token === context[at] };
    });
  }

  it('says of each of the last tokens what would have been drafted there', async () => {
    const { drafter, sequence } = setUp();
    const context = TEXT.slice(0, 100);
    expect(await drafter.probe(context, 20, 'matching', 1000)).toEqual(evidenceOf(context, 20));
    expect(sequence.tokens).toEqual(context.slice(0, -1));
    expect(drafter.price(100, 1000).behind).toBe(1);
  });

  it('says nothing of a token behind a hole, which the first token of the text does not predict', async () => {
    const { drafter } = setUp();
    const context = TEXT.slice(0, 300);
    const evidence = await drafter.probe(context, 32, 'matching', 1);
    expect(evidence).toHaveLength(31);
    // The model looks back three tokens: those right behind the hole it has to guess.
    expect(evidence.slice(3)).toEqual(evidenceOf(context, 28));
  });

  it('forgets a draft that nobody judged, and has the text as history afterwards', async () => {
    const { drafter, sampler } = setUp();
    const context = TEXT.slice(0, 50);
    const { tokens } = await drafter.propose(request(context, 1000));
    context.push((tokens[0]! + 1) % VOCABULARY, 4, 4);
    expect(await drafter.probe(context, 3, 'matching', 1000)).toEqual(evidenceOf(context, 2));
    expect(sampler.history).toEqual(context.slice(0, -1));
    expect((await drafter.propose(request(context, 1000))).tokens).toEqual(expected(context, 2));
  });
});
