import { describe, expect, it } from 'vitest';
import { type Death, deathOf } from './death.js';
import { Quarantine } from './poison.js';

interface Fake {
  readonly name: string;
  isQueued: boolean;
  hasProgressed: boolean;
}

const CRASH: Death = { reason: 'killed by SIGSEGV', by: 'itself' };
const KILL: Death = { reason: 'killed by SIGKILL', by: 'outside' };

const request = (name: string, changes: Partial<Fake> = {}): Fake => ({
  name,
  isQueued: false,
  hasProgressed: false,
  ...changes,
});

describe('Quarantine', () => {
  it('lets all in while nobody is a suspect', () => {
    const quarantine = new Quarantine<Fake>();
    const [a, b] = [request('a'), request('b')];
    expect(quarantine.admit([a, b], [])).toEqual([a, b]);
  });

  it('never counts a death against who had got a token', () => {
    const quarantine = new Quarantine<Fake>();
    const a = request('a', { hasProgressed: true });
    for (let death = 0; death < 10; death++) expect(quarantine.died([a], 0, CRASH)).toEqual([]);
    expect(quarantine.admit([a], [])).toEqual([a]);
  });

  it('tries the others one at a time, and lets the rest wait for that', () => {
    const quarantine = new Quarantine<Fake>();
    const [a, b, c] = [request('a'), request('b'), request('c', { hasProgressed: true })];
    expect(quarantine.died([a, b, c], 0, CRASH)).toEqual([]);
    expect(quarantine.admit([c, a, b], [])).toEqual([a]);
    expect(quarantine.admit([c, b], [a])).toEqual([]);
    expect(quarantine.clear(a)).toBe(true);
    expect(quarantine.admit([c, b], [a])).toEqual([b]);
    expect(quarantine.clear(b)).toBe(true);
    expect(quarantine.clear(b)).toBe(false);
    expect(quarantine.admit([c], [a, b])).toEqual([c]);
  });

  it('refuses who kills it alone twice, and nobody else', () => {
    const quarantine = new Quarantine<Fake>();
    const [a, poison] = [request('a'), request('poison')];
    expect(quarantine.died([a, poison], 0, CRASH)).toEqual([]);
    expect(quarantine.died([a], 0, CRASH)).toEqual([]);
    quarantine.clear(a);
    expect(quarantine.died([poison], 0, CRASH)).toEqual([]);
    expect(quarantine.died([poison], 0, CRASH)).toEqual([poison]);
  });

  it('does not count a death in company', () => {
    const quarantine = new Quarantine<Fake>();
    const [a, b] = [request('a', { hasProgressed: true }), request('b')];
    for (let death = 0; death < 5; death++) expect(quarantine.died([a, b], 0, CRASH)).toEqual([]);
  });

  it('leaves those alone that were only queued, unless nobody else is left', () => {
    const quarantine = new Quarantine<Fake>();
    const [a, queued] = [request('a'), request('queued', { isQueued: true })];
    quarantine.died([a, queued], 0, CRASH);
    expect(quarantine.admit([queued, a], [])).toEqual([a]);
    quarantine.clear(a);
    a.hasProgressed = true;
    quarantine.died([a, queued], 0, CRASH);
    expect(quarantine.admit([a, queued], [])).toEqual([queued]);
  });

  it('holds no death against a request that was alone but for a call', () => {
    const quarantine = new Quarantine<Fake>();
    const a = request('a');
    for (let death = 0; death < 5; death++) expect(quarantine.died([a], 1, CRASH)).toEqual([]);
    expect(quarantine.hasSuspects).toBe(true);
    expect(quarantine.died([a], 0, CRASH)).toEqual([]);
    expect(quarantine.died([a], 0, CRASH)).toEqual([a]);
  });

  it('takes more deaths from outside, which may be nobody’s fault', () => {
    const quarantine = new Quarantine<Fake>();
    const a = request('a');
    for (let death = 0; death < 5; death++) expect(quarantine.died([a], 0, KILL)).toEqual([]);
    expect(quarantine.died([a], 0, KILL)).toEqual([a]);
  });
});

describe('a death', () => {
  it('is from outside where no fault raises its signal', () => {
    expect(deathOf(null, 'SIGKILL')).toEqual(KILL);
    expect(deathOf(null, 'SIGSEGV')).toEqual(CRASH);
    expect(deathOf(134, null)).toEqual({ reason: 'it ended with exit code 134', by: 'itself' });
  });
});
