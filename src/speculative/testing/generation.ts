import { expect } from 'vitest';
import type { Token } from '../distribution.js';
import type { Drafter } from '../drafter.js';
import { ModelDrafter } from '../drafters/model.js';
import type { Generation } from '../generate.js';
import { fixedLength } from '../length/fixed.js';
import type { LengthPolicy } from '../length/policy.js';
import { SingleProposer } from '../proposer.js';
import { positionNoise, sequentialRandom } from '../random.js';
import { always } from '../rule-choice.js';
import type { Verification } from '../verify.js';
import { UNTIMED } from './rounds.js';
import { run } from './run.js';
import { SoftmaxSampler } from './softmax-sampler.js';
import { tabularModel } from './tabular-model.js';
import { TabularSequence } from './tabular-sequence.js';

export const VOCABULARY = 5;
export const PROMPT = [0, 1, 2];
export const model = tabularModel({ vocabulary: VOCABULARY, seed: 1 });
export const draftModel = tabularModel({ vocabulary: VOCABULARY, seed: 2 });
export const noise = positionNoise(20);

/** The rejection rules go on with their coins from one test to the next. */
export const VERIFICATIONS: Verification[] = [
  { rule: 'match', noise },
  { rule: 'rejection', random: sequentialRandom(1) },
  { rule: 'block', random: sequentialRandom(2) },
];

export interface Setup extends Generation {
  readonly target: TabularSequence;
  readonly sampler: SoftmaxSampler;
}

/** What a test replaces; a drafter alone drafts three tokens a round. */
export interface Overrides extends Partial<Omit<Setup, 'target' | 'sampler'>> {
  readonly drafter?: Drafter | undefined;
  readonly length?: LengthPolicy | undefined;
  readonly verification?: Verification | undefined;
}

/** A generation without a drafter that writes the same text in every test, until something in it is replaced. */
export function setUp({ drafter, length, verification, ...overrides }: Overrides = {}): Setup {
  return {
    target: new TabularSequence(model),
    sampler: new SoftmaxSampler({ history: PROMPT, penalty: 0.5 }),
    context: [...PROMPT],
    proposer: drafter && new SingleProposer(drafter, length ?? fixedLength(3)),
    rules: always(verification ?? VERIFICATIONS[0]!),
    maxTokens: 24,
    maxDraft: 16,
    isEnd: () => false,
    now: () => 0,
    ...overrides,
  };
}

/** The invariant of the loop. */
export function expectAgreement({ target, sampler, context }: Setup): void {
  expect(target.tokens).toEqual(context.slice(0, -1));
  expect(sampler.history).toEqual(context);
}

export function modelDrafter(of = draftModel): ModelDrafter {
  return new ModelDrafter({
    ...UNTIMED,
    name: 'draft',
    sequence: new TabularSequence(of),
    sampler: new SoftmaxSampler({ penalty: 0.5 }),
    noise,
    random: sequentialRandom(3),
    isEnd: () => false,
  });
}

/** What the target writes by itself with the noise of these tests. */
export async function plainText(count: number): Promise<Token[]> {
  const generation = setUp({ maxTokens: count });
  await run(generation);
  return generation.context;
}
