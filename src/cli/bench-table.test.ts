import { describe, expect, test } from 'vitest';
import { sampleResult } from '../bench/report/testing/sample-result.js';
import { benchTable } from './bench-table.js';
import { painter } from './terminal.js';

const plain = painter(false);

describe('the table', () => {
  const result = sampleResult();
  const lines = benchTable(result, plain);
  const [, tableAt, verdictAt] = [0, ...lines.flatMap((line, i) => (line === '' ? [i] : []))];
  const table = lines.slice(tableAt! + 1, verdictAt);

  test('has a line a workload under its heads, in columns', () => {
    expect(table).toHaveLength(1 + result.workloads.length);
    expect(table[0]).toMatch(/^workload +plain t\/s +adaptive .*policy +oracle +share +agrees$/);
    const end = table[0]!.indexOf('adaptive') + 'adaptive'.length;
    for (const line of table.slice(1)) expect(line.slice(0, end)).toMatch(/\d\.\d\dx$/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(160);
  });

  test('says what it comes to', () => {
    const verdict = lines.slice(verdictAt! + 1, lines.lastIndexOf('')).join('\n');
    expect(verdict).toMatch(/^geometric mean: .*adaptive \d\.\d\dx/m);
    expect(verdict).toMatch(/^worst workload of adaptive: /m);
    expect(verdict).toMatch(/^interval wholly below 0.97x: .*; below 1x: /m);
    expect(verdict).toMatch(/^share of the oracle, median: \d+ %; the policy by itself 96 %$/m);
  });

  test('says how others fare', () => {
    const [head, ...rows] = lines.slice(lines.lastIndexOf('') + 1);
    expect(head).toMatch(/^adaptive over +llama-server draft-max 16$/);
    expect(rows).toHaveLength(result.workloads.length + 2);
    expect(rows.at(-2)).toMatch(/^geometric mean +\d\.\d\dx$/);
    expect(rows.at(-1)).toMatch(/^over the best of them .*: \d\.\d\dx$/);
  });

  test('says that it was interrupted', () => {
    const interrupted = { ...result, end: 'interrupted' as const };
    expect(benchTable(interrupted, plain)).toContainEqual(expect.stringMatching(/^interrupted: /));
    expect(lines.join('\n')).not.toContain('interrupted');
  });

  test('leaves the policy out where it was not replayed', () => {
    const [first] = result.workloads;
    const workloads = [{ ...first!, oracle: { ...first!.oracle!, policy: undefined } }];
    const lines = benchTable({ ...result, workloads }, plain);
    expect(lines).toContainEqual(expect.stringMatching(/^share of the oracle, median: \d+ %$/));
    expect(lines.join('\n')).not.toMatch(/NaN|undefined/);
  });

  test('is green and red where an interval lies on one side of 1, and only in colour', () => {
    const [first, ...others] = result.workloads;
    const policies = { adaptive: { ...first!.policies.adaptive!, speedup: 0.9, interval: [0.88, 0.92] as const } };
    const slow = { ...result, workloads: [{ ...first!, policies }, ...others] };
    const painted = benchTable(slow, painter(true)).join('\n');
    expect(painted).toContain('\u001b[31m');
    expect(painted).toContain('\u001b[32m');
    expect(benchTable(slow, plain).join('\n')).not.toContain('\u001b');
    expect(benchTable(slow, plain).join('\n')).toContain(`below 0.97x: ${first!.name}; below 1x: ${first!.name}`);
  });

  test('does without drafts and without foresight', () => {
    const workloads = result.workloads.map((workload) => ({ ...workload, policies: {}, oracle: undefined }));
    const bare = benchTable({ ...result, models: { ...result.models, drafts: [] }, workloads }, plain);
    expect(bare[0]).toContain('no draft model');
    expect(bare.join('\n')).not.toContain('NaN');
  });
});
