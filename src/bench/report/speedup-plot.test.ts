import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BenchResult } from '../result.js';
import { scaleOf, speedupPlot } from './speedup-plot.js';
import { sampleResult } from './testing/sample-result.js';

function withSpeedups(speedups: readonly number[]): BenchResult {
  const sample = sampleResult();
  const [workload] = sample.workloads;
  const runs = workload!.policies.adaptive!;
  const policies = (speedup: number) => ({
    adaptive: { ...runs, speedup, interval: [speedup / 1.1, 1.1 * speedup] } as const,
  });
  return {
    ...sample,
    workloads: speedups.map((speedup) => ({ ...workload!, oracle: undefined, policies: policies(speedup) })),
  };
}

test('the scale holds 1, every interval, and marks to read it by', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.02, max: 40, noNaN: true }), { maxLength: 5 }), (speedups) => {
      const { at, ticks } = scaleOf(withSpeedups(speedups));
      const places = [1, ...ticks, ...speedups.flatMap((speedup) => [speedup / 1.1, speedup * 1.1])].map(at);
      expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...places)).toBeLessThanOrEqual(100);
      expect(ticks).toContain(1);
      expect(ticks.length).toBeGreaterThan(2);
    }),
  );
});

test('twice as fast is as far from 1 as half as fast', () => {
  const { at } = scaleOf(withSpeedups([0.3, 3]));
  expect(at(2) - at(1)).toBeCloseTo(at(1) - at(0.5));
});

test('a dot for each policy that ran, a diamond for each oracle, one colour for a policy', () => {
  const sample = sampleResult();
  const [first, ...others] = sample.workloads;
  const partial = { ...first!, oracle: undefined, policies: { llama: first!.policies.llama! } };
  const { text } = speedupPlot({ ...sample, workloads: [...others, partial] });
  expect(text.match(/<circle/g)).toHaveLength(4 * others.length + 1);
  expect(text.match(/class="oracle"/g)).toHaveLength(others.length);
  expect(text).toContain('<g class="series-3"><title>counting, llama: 1.95×');
});
