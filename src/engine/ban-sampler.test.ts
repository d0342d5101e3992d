import { describe, expect, it } from 'vitest';
import { type Distribution, likeliestOf, pointMass, type Row, type Sampler } from '../speculative/index.js';
import { BanSampler } from './ban-sampler.js';

/** The likeliest token, after token 0 was made impossible: a step of its own. */
class Greedy implements Sampler {
  length = 0;

  law(row: Row): Distribution {
    let best = 1;
    for (let token = 1; token < row.length; token++) if (row[token]! > row[best]!) best = token;
    return pointMass(best);
  }

  push(): void {
    this.length += 1;
  }

  rewind(length: number): void {
    this.length = length;
  }
}

const ROW = [9, 5, 7, 6];

describe('a ban at a position', () => {
  it('leaves the law to the sampler, whose other steps hold there too, and the row as it was', () => {
    const sampler = new BanSampler(new Greedy(), () => 3);
    const drawn = () => {
      const row = Float32Array.from(ROW);
      const token = likeliestOf(sampler.law(row));
      expect([...row]).toEqual(ROW);
      return token;
    };
    expect(drawn()).toBe(2);
    expect(sampler.ban(3, 2)).toBe(1);
    expect(drawn()).toBe(3);
    expect(sampler.ban(3, 3)).toBe(2);
    expect(drawn()).toBe(1);
    sampler.push(1);
    expect(drawn()).toBe(2);
    sampler.rewind(0);
    expect(drawn()).toBe(1);
  });
});
