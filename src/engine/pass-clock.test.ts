import { describe, expect, it } from 'vitest';
import { PassClock } from './pass-clock.js';

function clockAt(time: { now: number }) {
  const clock = new PassClock(() => time.now);
  const pass = (rows: number, ms: number): void => {
    clock.begin(rows);
    time.now += ms;
    clock.end();
  };
  const allowed = (rows: number): number => {
    clock.begin(rows);
    const { allowedMs } = clock.underWay!;
    clock.end();
    return allowedMs;
  };
  return { clock, pass, allowed };
}

describe('a clock of passes', () => {
  it('tells the pass that is under way, until it ends', () => {
    const { clock } = clockAt({ now: 0 });
    expect(clock.underWay).toBeUndefined();
    clock.begin(4);
    expect(clock.underWay).toMatchObject({ number: 1, rows: 4 });
    clock.end();
    expect(clock.underWay).toBeUndefined();
    clock.begin(4);
    expect(clock.underWay).toMatchObject({ number: 2 });
  });

  it('allows a multiple of the longest pass of about so many rows', () => {
    const { pass, allowed } = clockAt({ now: 0 });
    pass(1, 100);
    pass(1, 700);
    pass(1, 100);
    pass(300, 60_000);
    expect(allowed(1)).toBe(14_000);
    expect(allowed(512 - 1)).toBe(1_200_000);
  });

  it('allows seconds a row where no such pass was seen', () => {
    const { pass, allowed } = clockAt({ now: 0 });
    pass(1, 700);
    expect(allowed(512)).toBe(2_560_000);
    expect(allowed(0)).toBe(0);
  });

  it('counts one end of a pass', () => {
    const time = { now: 0 };
    const { clock, allowed } = clockAt(time);
    clock.begin(1);
    time.now = 10;
    clock.end();
    time.now = 1000;
    clock.end();
    expect(allowed(1)).toBe(200);
  });
});
