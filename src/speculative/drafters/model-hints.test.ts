import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Token } from '../distribution.js';
import {
  type Draft,
  type Drafter,
  type DraftRequest,
  type DrawRule,
  EMPTY_DRAFT,
  type RoundOutcome,
} from '../drafter.js';
import { CostCurve } from '../length/cost-curve.js';
import { fixedLength } from '../length/fixed.js';
import type { RoundLength } from '../length/policy.js';
import { type ProposalRequest, type Proposer, SingleProposer } from '../proposer.js';
import { positionNoise, sequentialRandom } from '../random.js';
import type { Sequence } from '../sequence.js';
import { roundOutcome, roundStart, UNTIMED } from '../testing/rounds.js';
import { SoftmaxSampler } from '../testing/softmax-sampler.js';
import { tabularModel } from '../testing/tabular-model.js';
import { TabularSequence } from '../testing/tabular-sequence.js';
import { ModelDrafter, type ModelDrafterOptions } from './model.js';

const VOCABULARY = 4;
const model = tabularModel({ vocabulary: VOCABULARY, seed: 11, spread: 6 });
const smaller = tabularModel({ vocabulary: VOCABULARY, seed: 11, spread: 6, order: 2 });
const PROMPT = [0, 1, 2];

/** A timeline that counts its passes. */
function counted(of = model) {
  const sequence = new TabularSequence(of, 400);
  const passes = { count: 0 };
  const spy: Sequence = {
    get length() {
      return sequence.length;
    },
    capacity: sequence.capacity,
    evaluate: (tokens, rows, read) => {
      passes.count += 1;
      return sequence.evaluate(tokens, rows, read);
    },
    rewind: (length) => sequence.rewind(length),
    close: () => sequence.close(),
  };
  return { sequence, passes, spy };
}

function drafterOf(proposer?: Proposer, more: Partial<ModelDrafterOptions> = {}) {
  const { sequence, passes, spy } = counted();
  const drafter = new ModelDrafter({
    ...UNTIMED,
    name: 'draft',
    sequence: spy,
    sampler: new SoftmaxSampler({ penalty: 0.5 }),
    noise: positionNoise(7),
    random: sequentialRandom(3),
    isEnd: () => false,
    proposer,
    ...more,
  });
  return { drafter, sequence, passes };
}

/** Hints by a script, and what became of them. */
class Scripted implements Proposer {
  readonly asked: ProposalRequest[] = [];
  readonly outcomes: RoundOutcome[] = [];
  readonly #hintOf: (request: ProposalRequest) => readonly Token[];

  constructor(hintOf: (request: ProposalRequest) => readonly Token[]) {
    this.#hintOf = hintOf;
  }

  async propose(request: ProposalRequest) {
    this.asked.push({ ...request, context: [...request.context] });
    const tokens = this.#hintOf(request).slice(0, request.room);
    return { draft: { tokens, confidences: tokens.map(() => 1) }, dropped: 0, evidence: [] };
  }

  observe(outcome: RoundOutcome): void {
    this.outcomes.push(outcome);
  }

  close(): void {}
}

function request(context: readonly Token[], count: number, more: Partial<DraftRequest> = {}): DraftRequest {
  const length = fixedLength(count).begin(roundStart(count));
  const rule: DrawRule = 'matching';
  const affordable = Number.POSITIVE_INFINITY;
  return { context, prefix: [], rule, room: count, affordable, length, signal: undefined, ...more };
}

/** A round that ends behind `accepted` tokens of the draft with a token that it does not have there. */
function judge(draft: Draft, accepted: number, context: Token[], drafters: readonly Drafter[]): void {
  const kept = Math.min(accepted, draft.tokens.length);
  const next = ((draft.tokens[kept] ?? 0) + 1) % VOCABULARY;
  const outcome = roundOutcome(draft, kept, next, { position: context.length });
  context.push(...outcome.tokens);
  for (const drafter of drafters) drafter.observe(outcome);
}

const rounds = fc.array(fc.record({ count: fc.integer({ min: 1, max: 9 }), accepted: fc.nat(9) }), { maxLength: 8 });

describe('a draft with hints', () => {
  it('is the draft without, whatever is hinted, under either rule', async () => {
    const script = fc.array(fc.array(fc.nat(VOCABULARY - 1), { maxLength: 9 }), { minLength: 1, maxLength: 12 });
    const rules = fc.constantFrom<DrawRule>('matching', 'rejection');
    await fc.assert(
      fc.asyncProperty(script, rounds, rules, async (hints, plan, rule) => {
        let asked = 0;
        const helped = drafterOf(new Scripted(() => hints[asked++ % hints.length]!));
        const alone = drafterOf();
        const context = [...PROMPT];
        for (const { count, accepted } of plan) {
          const draft = await helped.drafter.propose(request(context, count, { rule }));
          expect(draft).toEqual(await alone.drafter.propose(request(context, count, { rule })));
          const text = [...context, ...draft.tokens];
          expect(helped.sequence.tokens).toEqual(text.slice(0, -1));
          judge(draft, accepted, context, [helped.drafter, alone.drafter]);
        }
        expect(helped.passes.count).toBeLessThanOrEqual(alone.passes.count);
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  it('takes one pass where the hint is right, and one for each token where it is wrong', async () => {
    const alone = drafterOf();
    const { tokens } = await alone.drafter.propose(request(PROMPT, 9));
    const place = ({ context, prefix }: ProposalRequest) => context.length + prefix.length - PROMPT.length;
    const right = drafterOf(new Scripted((asked) => tokens.slice(place(asked))));
    const wrong = drafterOf(
      new Scripted((asked) => tokens.slice(place(asked)).map((token) => (token + 1) % VOCABULARY)),
    );
    for (const { drafter } of [right, wrong]) await drafter.propose(request(PROMPT, 9));
    // The first pass catches up and has no hint.
    expect([alone, wrong, right].map(({ passes }) => passes.count)).toEqual([9, 9, 2]);
  });

  it('asks for what fits behind the token that is pending, within room and cache', async () => {
    const helper = new Scripted(() => []);
    const { drafter } = drafterOf(helper, { sequence: new TabularSequence(model, 7) });
    await drafter.propose(request(PROMPT, 4, { prefix: [3] }));
    expect(helper.asked.map(({ prefix, room }) => [prefix.length, room])).toEqual([
      [2, 2],
      [3, 1],
    ]);
    expect(helper.asked.every(({ rule, generated }) => rule === 'matching' && generated === 0)).toBe(true);
  });

  it('tells the helper of each hint where it stood, what was drawn, and what it took', async () => {
    let clock = 0;
    const helper = new Scripted(() => [0, 1]);
    const { drafter } = drafterOf(helper, { now: () => clock++ });
    const { tokens } = await drafter.propose(request(PROMPT, 4));
    expect(helper.outcomes).toHaveLength(helper.asked.length);
    let position = PROMPT.length + 1;
    for (const [i, { context, prefix }] of helper.asked.entries()) {
      const outcome = helper.outcomes[i]!;
      expect(outcome.position).toBe(context.length + prefix.length);
      expect(outcome.position).toBe(position);
      expect(outcome.tokens).toEqual(tokens.slice(prefix.length, prefix.length + outcome.tokens.length));
      expect([outcome.draftMs, outcome.verifyMs]).toEqual([1, 1]);
      position += outcome.tokens.length;
    }
  });

  it('tells the helper also of a pass whose law was refused, so that no later round is taken for that one', async () => {
    const helper = new Scripted(() => [0]);
    const { drafter } = drafterOf(helper);
    const length: RoundLength = {
      wants: ({ length: drafted }) => drafted < 3,
      admits: () => helper.asked.length < 1,
      keep: () => 0,
    };
    await drafter.propose(request(PROMPT, 3, { rule: 'rejection', length }));
    expect(helper.outcomes).toMatchObject([{ tokens: [], accepted: 0, draft: { tokens: [0] } }]);
  });

  it('learns what passes cost that no helper was asked about', async () => {
    let clock = 0;
    const costs = new CostCurve({ points: [{ rows: 1, ms: 1 }] });
    const { drafter } = drafterOf(new Scripted(() => []), { costs, now: () => (clock += 100) });
    await drafter.propose(request(PROMPT, 1));
    expect(costs.at(1, 0)).toBeLessThan(2);
    expect(costs.at(3, 0)).toBeGreaterThan(4);
  });
});

describe('a smaller model that drafts for it', () => {
  it('holds nothing but the text, whatever was taken of its drafts and of the drafts it was for', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, fc.array(fc.nat(3), { maxLength: 8 }), async (plan, prefixes) => {
        const { sequence, spy } = counted(smaller);
        const sampler = new SoftmaxSampler({});
        const parts = { sampler, noise: positionNoise(7), random: sequentialRandom(4), isEnd: () => false };
        const inner = new ModelDrafter({ ...UNTIMED, ...parts, name: 'inner', sequence: spy });
        const watched: Drafter = {
          name: 'inner',
          propose: async (asked) => {
            const draft = await inner.propose(asked);
            const text = [...asked.context, ...asked.prefix, ...draft.tokens];
            expect(sequence.tokens).toEqual(text.slice(0, -1));
            expect(sampler.history).toEqual(text);
            return draft;
          },
          observe: (outcome) => inner.observe(outcome),
          close: () => inner.close(),
        };
        const { drafter } = drafterOf(new SingleProposer(watched, fixedLength(3)));
        const context = [...PROMPT];
        for (const [i, { count, accepted }] of plan.entries()) {
          const draft = await drafter.propose(request(context, count));
          judge(draft, accepted, context, [drafter]);
          // Rounds in which others draft first.
          const token = prefixes[i];
          if (token === undefined) continue;
          const behind = await drafter.propose(request(context, count, { prefix: [token] }));
          judge({ ...EMPTY_DRAFT, tokens: [token, ...behind.tokens] }, accepted, context, [drafter]);
        }
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  it('is not evaluated twice while its drafts and those they are for are right', async () => {
    const { sequence, spy } = counted(model);
    const sampler = () => new SoftmaxSampler({ penalty: 0.5 });
    const same = { noise: positionNoise(7), random: sequentialRandom(4), isEnd: () => false };
    const inner = new ModelDrafter({ ...UNTIMED, ...same, name: 'inner', sampler: sampler(), sequence: spy });
    const { drafter } = drafterOf(new SingleProposer(inner, fixedLength(3)));
    const context = [...PROMPT];
    for (let i = 0; i < 5; i++) judge(await drafter.propose(request(context, 8)), 8, context, [drafter]);
    expect(new Set(sequence.evaluated).size).toBe(sequence.evaluated.length);
  });
});
