import { expect, test } from 'vitest';
import { chartGroups } from './charts.js';
import { sampleResult } from './testing/sample-result.js';

const chartsOf = (id: string, result = sampleResult()) => chartGroups(result).find((group) => group.id === id)?.charts;

test('draft lengths: a chart for each workload, numbered rounds, what adapts shown first', () => {
  const sample = sampleResult();
  const charts = chartsOf('lengths')!;
  expect(charts.map(({ name }) => name)).toEqual(sample.workloads.map(({ name }) => name));
  const [adaptive, fixed] = charts[0]!.series;
  expect(adaptive).toMatchObject({ name: 'adaptive', shown: true, y: sample.workloads[0]!.policies.adaptive!.lengths });
  expect(adaptive!.x.slice(0, 3)).toEqual([1, 2, 3]);
  expect(fixed).toMatchObject({ name: 'fixed3', shown: false });
});

test('without the adaptive policy every other is shown', () => {
  const sample = sampleResult();
  const workloads = sample.workloads.map((workload) => ({
    ...workload,
    policies: { fixed3: workload.policies.fixed3!, llama: workload.policies.llama! },
  }));
  expect(chartsOf('lengths', { ...sample, workloads })![0]!.series.map(({ shown }) => shown)).toEqual([true, true]);
});

test('calibration has its diagonal, costs ascend by rows', () => {
  const sample = sampleResult();
  const target = [
    { rows: 4, ms: 2 },
    { rows: 1, ms: 1 },
  ];
  const [calibration] = chartsOf('calibration')!;
  expect(calibration!.series[0]).toMatchObject({ look: 'reference', x: [0, 1], y: [0, 1] });
  const [costs] = chartsOf('costs', { ...sample, costs: { ...sample.costs, target } })!;
  expect(costs!.series[0]).toMatchObject({ name: 'target-q8_0 (target)', x: [1, 4], y: [1, 2] });
});

test('what was not measured has no chart', () => {
  const bare = { ...sampleResult(), workloads: [], calibration: [], costs: { target: [], drafts: {} } };
  expect(chartGroups(bare)).toEqual([]);
});
