import { describe, expect, it } from 'vitest';
import { LastReport } from './last-report.js';

const slot = { id: 0, role: 'target', model: 'main', state: 'busy', cachedTokens: 7 } as const;
const pass = { number: 7, rows: 3, allowedMs: 100 };
const pong = { type: 'pong', blocksRead: 0 } as const;

describe('the last report of an engine', () => {
  it('has the slots and passes of the last word', () => {
    const report = new LastReport();
    expect(report.slots).toEqual([]);
    report.hear({ ...pong, slots: [slot], passes: [pass] });
    report.hear({ type: 'slots', slots: [{ ...slot, cachedTokens: 9 }] });
    expect(report.slots).toEqual([{ ...slot, cachedTokens: 9 }]);
    expect(report.passes).toEqual([pass]);
  });

  it('keeps the slots of an engine that died, as empty ones, while the next is loaded', () => {
    const report = new LastReport();
    report.hear({ ...pong, slots: [slot], passes: [pass] });
    report.died();
    report.hear({ ...pong, slots: undefined, passes: [] });
    expect(report.slots).toEqual([{ ...slot, state: 'idle', cachedTokens: 0 }]);
    expect(report.passes).toEqual([]);
    report.hear({ ...pong, slots: [slot], passes: [] });
    expect(report.slots).toEqual([slot]);
  });
});
