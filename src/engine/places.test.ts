import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Places } from './places.js';

/** Enters and records what is heard. */
function enter(places: Places, log: string[], name: string, signal?: AbortSignal): Promise<void> {
  return places
    .enter(signal, (ahead) => log.push(`${name}: ${ahead}`))
    .then(
      () => void log.push(`${name} in`),
      (error) => {
        log.push(`${name} ${error.code}`);
      },
    );
}

const settle = (): Promise<void> => new Promise(setImmediate);

describe('Places', () => {
  it('lets in as many as there are places, and the others in order as places come free', async () => {
    const places = new Places(2, 8);
    const log: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) void enter(places, log, name);
    await settle();
    expect(log.splice(0)).toEqual(['c: 0', 'd: 1', 'a in', 'b in']);
    places.leave();
    await settle();
    expect(log.splice(0)).toEqual(['d: 0', 'c in']);
    places.leave();
    places.leave();
    await settle();
    expect(log.splice(0)).toEqual(['d in']);
    places.leave();
    await enter(places, log, 'e');
    expect(log).toEqual(['e in']);
  });

  it('lets those behind move up when one in line is aborted', async () => {
    const places = new Places(1, 8);
    const log: string[] = [];
    const stop = new AbortController();
    void enter(places, log, 'a');
    void enter(places, log, 'b', stop.signal);
    void enter(places, log, 'c');
    stop.abort();
    await settle();
    expect(log.splice(0)).toEqual(['b: 0', 'c: 1', 'c: 0', 'a in', 'b aborted']);
    places.leave();
    await settle();
    expect(log).toEqual(['c in']);
  });

  it('refuses whoever comes when as many wait as may, and nobody who finds a place', async () => {
    const places = new Places(1, 1);
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) void enter(places, log, name);
    await settle();
    expect(log.splice(0)).toEqual(['b: 0', 'a in', 'c queue_full']);
    places.leave();
    void enter(places, log, 'd');
    await settle();
    expect(log.splice(0)).toEqual(['d: 0', 'b in']);
    const strict = new Places(1, 0);
    for (const name of ['e', 'f']) void enter(strict, log, name);
    await settle();
    expect(log).toEqual(['e in', 'f queue_full']);
  });

  it('refuses nobody who was there before, and keeps the order', async () => {
    const places = new Places(1, 0);
    const log: string[] = [];
    void enter(places, log, 'a');
    void places.enter(undefined, (ahead) => log.push(`b: ${ahead}`), 'again').then(() => log.push('b in'));
    void enter(places, log, 'c');
    await settle();
    expect(log.splice(0)).toEqual(['b: 0', 'a in', 'c queue_full']);
    places.leave();
    await settle();
    expect(log).toEqual(['b in']);
  });

  it('refuses whoever is aborted before', async () => {
    const places = new Places(1, 8);
    const log: string[] = [];
    await enter(places, log, 'a', AbortSignal.abort());
    await enter(places, log, 'b');
    expect(log).toEqual(['a aborted', 'b in']);
  });

  it('takes no place back from whoever is aborted inside, and leaves no listener behind', async () => {
    const places = new Places(1, 8);
    const log: string[] = [];
    const stop = new AbortController();
    void enter(places, log, 'a');
    const second = enter(places, log, 'b', stop.signal);
    places.leave();
    await second;
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    stop.abort();
    void enter(places, log, 'c');
    await settle();
    expect(log.splice(0)).toEqual(['b: 0', 'a in', 'b in', 'c: 0']);
    places.leave();
    await settle();
    expect(log).toEqual(['c in']);
  });
});
