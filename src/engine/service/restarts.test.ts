import { describe, expect, it } from 'vitest';
import { Restarts } from './restarts.js';

function restarts() {
  const clock = { ms: 0 };
  return { clock, restarts: new Restarts({ backoff: (attempt) => 10 * attempt, now: () => clock.ms }) };
}

describe('an engine that died', () => {
  it('is waited for longer and longer while no token comes', () => {
    const { restarts: plan } = restarts();
    plan.ready();
    expect(plan.died()).toBe(10);
    plan.ready();
    expect(plan.died()).toBe(20);
    plan.ready();
    plan.progressed();
    expect(plan.died()).toBe(10);
    expect(plan.count).toBe(3);
  });

  it('that had been ready for long begins anew', () => {
    const { restarts: plan, clock } = restarts();
    for (const [ms, wait] of [
      [0, 10],
      [60_000, 20],
      [60_001, 10],
    ] as const) {
      plan.ready();
      clock.ms += ms;
      expect(plan.died()).toBe(wait);
    }
  });

  it('is lost after eight starts in a row that became none, however often it died after others', () => {
    const { restarts: plan } = restarts();
    const fail = (times: number) => Array.from({ length: times }, () => plan.died());
    expect(fail(7).every((wait) => wait !== undefined)).toBe(true);
    plan.ready();
    expect(plan.died()).toBeDefined();
    expect(fail(7).every((wait) => wait !== undefined)).toBe(true);
    expect(plan.died()).toBeUndefined();
  });
});
