import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Noise, positionNoise, sequentialRandom, type Token } from '../../src/speculative/index.js';
import { DRAFTERS, type DrafterKind, POLICIES, WRITERS, writeText } from './experiment.js';
import { noiseByDrawCount } from './mutants.js';

const seeds = fc.oneof(fc.nat(), fc.maxSafeNat());
const writers = fc.constantFrom(...(Object.keys(WRITERS) as (keyof typeof WRITERS)[]));
const drafters = fc.constantFrom(...(Object.keys(DRAFTERS) as DrafterKind[]));
const policies = fc.constantFrom(...Object.keys(POLICIES));

interface Choice {
  readonly noise: Noise;
  readonly writer: keyof typeof WRITERS;
  readonly drafter: DrafterKind;
  readonly policy: string;
}

async function text({ noise, writer, drafter, policy }: Choice): Promise<Token[]> {
  const experiment = {
    rule: 'match',
    writer: WRITERS[writer],
    drafter: DRAFTERS[drafter],
    policy: POLICIES[policy]!,
  } as const;
  return (await writeText(experiment, noise, sequentialRandom(1), { shown: 20, limit: 20 })).text;
}

function theSameTexts(noiseOf: (seed: number) => Noise): Promise<void> {
  const property = fc.asyncProperty(seeds, writers, drafters, policies, async (seed, writer, drafter, policy) => {
    const plain = await text({ noise: noiseOf(seed), writer, drafter, policy: 'fixed 0' });
    expect(await text({ noise: noiseOf(seed), writer, drafter, policy })).toEqual(plain);
  });
  return fc.assert(property, { seed: 1, numRuns: 500 });
}

it('under match a seed gives the same text whatever drafts, however long', async () => {
  await theSameTexts(positionNoise);
});

it('noise that counts draws instead of positions is caught', async () => {
  await expect(theSameTexts((seed) => noiseByDrawCount(positionNoise(seed)))).rejects.toThrow('Property failed');
});

it('seeds that differ give texts that differ', async () => {
  const choice = { writer: 'plain', drafter: 'junk', policy: 'fixed 3' } as const;
  const seeds = [5, 6, 5 + 2 ** 32];
  const texts = await Promise.all(seeds.map((seed) => text({ ...choice, noise: positionNoise(seed) })));
  expect(new Set(texts.map(String)).size).toBe(seeds.length);
});
