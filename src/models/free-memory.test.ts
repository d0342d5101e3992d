import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { freeMemory, type MemorySource } from './free-memory.js';

const machine: MemorySource = {
  free: () => 60,
  total: () => 100,
  constrained: () => 0,
  available: () => 60,
  groupStatistics: () => undefined,
};

describe('freeMemory', () => {
  it('is what the machine has free where no limit holds', () => {
    expect(freeMemory(machine)).toBe(60);
    expect(freeMemory({ ...machine, constrained: () => 2 ** 64, available: () => 0 })).toBe(60);
  });

  it('is what the control group has left, inactive file pages included', () => {
    const group = { ...machine, constrained: () => 40, available: () => 5 };
    expect(freeMemory(group)).toBe(5);
    expect(freeMemory({ ...group, groupStatistics: () => 'anon 1\ninactive_file 20\nactive_file 9\n' })).toBe(25);
    expect(freeMemory({ ...group, groupStatistics: () => 'inactive_file 90\n' })).toBe(40);
  });

  it('never exceeds what the machine has free', () => {
    expect(freeMemory({ ...machine, free: () => 3, constrained: () => 40, available: () => 30 })).toBe(3);
  });

  it('reads this machine', () => {
    expect(freeMemory()).toBeGreaterThan(0);
    expect(freeMemory()).toBeLessThanOrEqual(totalmem());
  });
});
