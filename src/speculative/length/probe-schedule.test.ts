import { describe, expect, it } from 'vitest';
import { ProbeSchedule } from './probe-schedule.js';

/** Plain tokens until the next probe is due. */
function gapOf(schedule: ProbeSchedule): number {
  let tokens = 0;
  for (; !schedule.isDue; tokens++) schedule.plain(1);
  schedule.probed();
  return tokens;
}

describe('when to try a drafter that is off', () => {
  it('is after 8 tokens, then after twice as many each time, up to 256', () => {
    const schedule = new ProbeSchedule();
    expect(Array.from({ length: 7 }, () => gapOf(schedule))).toEqual([8, 16, 32, 64, 128, 256, 256]);
    schedule.drafted();
    expect(gapOf(schedule)).toBe(8);
  });

  it('is soon in a new text, and not in each of several short ones', () => {
    const schedule = new ProbeSchedule();
    for (let i = 0; i < 6; i++) gapOf(schedule);
    schedule.beginText();
    expect(gapOf(schedule)).toBe(16);
    schedule.beginText();
    schedule.plain(10);
    schedule.beginText();
    expect(schedule.isDue).toBe(false);
    expect(gapOf(schedule)).toBe(6);
  });
});
