import { expect, test } from 'vitest';
import type { BenchResult } from '../result.js';
import { policiesOf, policyNames, summarise, verdictOf } from './policies.js';
import { sampleResult } from './testing/sample-result.js';

/** `rare` ran on the last of two workloads only. */
function result(): BenchResult {
  const sample = sampleResult();
  const [first, second] = sample.workloads.map((workload) => ({ ...workload, policies: {} }));
  const runs = sample.workloads[0]!.policies.adaptive!;
  return {
    ...sample,
    workloads: [
      { ...first!, policies: { often: { ...runs, speedup: 2, interval: [1.9, 2.1] } } },
      {
        ...second!,
        policies: {
          rare: { ...runs, speedup: 1.01, interval: [0.99, 1.02] },
          often: { ...runs, speedup: 0.5, interval: [0.4, 0.6] },
        },
      },
    ],
  };
}

test('a policy keeps its place, and so its colour, where others did not run', () => {
  expect(policyNames(result())).toEqual(['often', 'rare']);
  expect(policiesOf(result().workloads[1]!, ['often', 'rare']).map(({ name, place }) => [name, place])).toEqual([
    ['often', 0],
    ['rare', 1],
  ]);
  expect(policiesOf(result().workloads[0]!, ['rare', 'often']).map(({ place }) => place)).toEqual([1]);
});

test('a summary counts only the workloads that a policy ran on', () => {
  const [often, rare] = summarise(result());
  expect(often).toMatchObject({
    workloads: 2,
    best: { workload: 'counting', speedup: 2 },
    worst: { workload: 'json', speedup: 0.5 },
    faster: 1,
    slower: 1,
  });
  expect(often!.geometricMean).toBeCloseTo(1);
  expect(rare).toMatchObject({ workloads: 1, faster: 0, slower: 0 });
});

test('an interval that holds 1 says nothing', () => {
  expect([[1.01, 2] as const, [0.99, 2] as const, [1, 1] as const, [0.5, 0.99] as const].map(verdictOf)).toEqual([
    'faster',
    'even',
    'even',
    'slower',
  ]);
});
