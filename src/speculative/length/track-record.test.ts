import { describe, expect, it } from 'vitest';
import { TrackRecord } from './track-record.js';

describe('TrackRecord', () => {
  it('believes a new text’s promises, and those that are kept', () => {
    const record = new TrackRecord();
    expect(record.trust).toBe(1);
    for (let i = 0; i < 20; i++) record.add(2, 2);
    expect(record.trust).toBe(1);
  });

  it('believes ever less where asking brings nothing, and never more than all or less than nothing', () => {
    const record = new TrackRecord();
    let before = record.trust;
    for (let i = 0; i < 10; i++) {
      record.add(0.5, 0);
      record.fade();
      expect(record.trust).toBeLessThan(before);
      before = record.trust;
    }
    expect(before).toBeLessThan(0.4);
    record.add(0.5, -20);
    expect(record.trust).toBe(0);
    record.add(0.5, 100);
    expect(record.trust).toBe(1);
  });

  it('forgets within some hundred rounds', () => {
    const record = new TrackRecord();
    for (let i = 0; i < 10; i++) record.add(1, 0);
    expect(record.trust).toBeLessThan(0.2);
    for (let i = 0; i < 100; i++) record.fade();
    expect(record.trust).toBeGreaterThan(0.85);
  });
});
