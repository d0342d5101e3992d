import { describe, expect, test } from 'vitest';
import { sequentialRandom } from '../speculative/index.js';
import { measureSampling, modelLikeRow } from './sampling-cost.js';

describe('the cost of sampling', () => {
  test('is the median of each contender on the same rows, in turns', () => {
    const seen: string[] = [];
    const rows: Float32Array[] = [];
    let clock = 0;
    const work = (name: string, duration: number) => {
      seen.push(name);
      // An outlier now and then, which a median does not feel.
      clock += seen.length % 7 === 0 ? 1000 : duration;
    };
    const cost = measureSampling(
      {
        label: 'some',
        vocabularySize: 100,
        ours: (row) => {
          rows.push(row);
          work('ours', 3);
        },
        native: { fill: () => work('fill', 1), run: () => work('run', 5) },
      },
      { random: sequentialRandom(1), rounds: 20, now: () => clock },
    );
    expect(cost).toEqual({
      label: 'some',
      vocabularySize: 100,
      ours: 3,
      nativeFill: 0,
      nativeChain: 5,
      ratio: 0.6,
      ratioToChain: 0.6,
    });
    expect(seen.slice(0, 6)).toEqual(['fill', 'ours', 'run', 'fill', 'ours', 'run']);
    expect(new Set(rows).size).toBeGreaterThan(1);
  });

  test('rows look like those of a model: noise, and a few tokens far above it', () => {
    const row = modelLikeRow(sequentialRandom(1), 10_000);
    const peaks = row.filter((logit) => logit >= 12).length;
    expect(peaks).toBeGreaterThan(6);
    expect(peaks).toBeLessThanOrEqual(12);
    expect(Math.abs(row.reduce((sum, logit) => sum + logit, 0) / row.length)).toBeLessThan(0.2);
  });
});
