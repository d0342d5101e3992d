import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { OutriderError } from '../errors.js';
import type { FinishEvent, GenerationEvent } from './events.js';
import type { GenerationRequest } from './request.js';
import { Gate } from './testing/batcher.js';
import { eventsOf, fakeEngine, finishOf } from './testing/engine.js';

const REQUEST: GenerationRequest = { prompt: { text: 'once upon' }, maxTokens: 12, seed: 5, draft: { min: 3, max: 3 } };
const long = { endBias: -30 };
const pair = { target: long, draft: { ...long, drift: 0.3 } };

const namesOf = (events: readonly GenerationEvent[]): string => events.map(({ type }) => type).join(' ');

describe('the events of a request', () => {
  it('come in order, with the prompt in parts and text behind its round', async () => {
    const { engine } = await fakeEngine({ ...pair, contextSize: 2048 });
    const request = { ...REQUEST, prompt: { text: 'long '.repeat(300) } };
    expect(namesOf(await eventsOf(engine, request))).toMatch(/^start prompt( prompt)*( round( text)*)+ finish$/);
  });

  it('say what was drafted, and their texts join to the whole', async () => {
    const { engine } = await fakeEngine(pair);
    const events = await eventsOf(engine, REQUEST);
    const [start, finish] = [events[0]!, events.at(-1)!];
    expect(start).toMatchObject({ type: 'start', mode: 'speculative', seed: 5, seedOrigin: 'given', draftMax: 3 });
    if (finish.type !== 'finish') expect.fail();
    expect(finish).toMatchObject({ reason: 'length', completionTokens: 12, promptTokens: 10 });
    expect(events.map((event) => (event.type === 'text' ? event.text : '')).join('')).toBe(finish.text);
    expect(events.flatMap((event) => (event.type === 'round' ? event.tokens : []))).toEqual(finish.tokens);
    const { statistics } = finish;
    expect(statistics.accepted).toBeGreaterThan(0);
    expect(statistics.rejected).toBeGreaterThan(0);
    expect(statistics.rounds + statistics.accepted).toBe(12);
  });

  it('report a drawn seed that brings the text back', async () => {
    const { engine } = await fakeEngine(pair);
    const { seed: _, ...unseeded } = REQUEST;
    const [start, ...rest] = await eventsOf(engine, unseeded);
    if (start?.type !== 'start') expect.fail();
    expect(start).toMatchObject({ seedOrigin: 'drawn' });
    const again = await finishOf(engine, { ...REQUEST, seed: start.seed });
    expect(rest.at(-1)).toMatchObject({ text: again.text, tokens: again.tokens });
    expect((await finishOf(engine, { ...REQUEST, seed: start.seed + 1 })).tokens).not.toEqual(again.tokens);
  });

  it('are few for a request of no tokens', async () => {
    const { engine, target } = await fakeEngine(pair);
    expect(namesOf(await eventsOf(engine, { ...REQUEST, maxTokens: 0 }))).toBe('start finish');
    expect(target.contexts[0]!.passes).toHaveLength(0);
  });
});

describe('requests beyond the places', () => {
  it('wait in line, hear how far they are, and write what they write alone', async () => {
    const { engine } = await fakeEngine(pair);
    const requests = [1, 2, 3, 4].map((seed) => ({ ...REQUEST, seed }));
    const alone = [];
    for (const request of requests) alone.push((await finishOf(engine, request)).text);
    const together = await Promise.all(requests.map((request) => eventsOf(engine, request)));
    expect(together.map((events) => events.flatMap((event) => (event.type === 'queued' ? [event.ahead] : [])))).toEqual(
      [[], [0], [1, 0], [2, 1, 0]],
    );
    expect(together.map((events) => events.at(-1))).toMatchObject(alone.map((text) => ({ type: 'finish', text })));
  });

  it('end as aborted when they are aborted in line, and those behind move up', async () => {
    const { engine } = await fakeEngine(pair);
    const running = engine.generate(REQUEST);
    await running.next();
    const stop = new AbortController();
    const waiting = eventsOf(engine, REQUEST, stop.signal);
    const behind = eventsOf(engine, REQUEST);
    await turn();
    stop.abort();
    const events = await waiting;
    expect(namesOf(events)).toBe('queued finish');
    expect(events.at(-1)).toMatchObject({ reason: 'aborted', tokens: [], text: '' });
    await running.return();
    expect((await behind).filter(({ type }) => type === 'queued')).toMatchObject([{ ahead: 1 }, { ahead: 0 }]);
  });

  it('leave the line when nobody listens any more, also if their turn has just come', async () => {
    const { engine } = await fakeEngine(pair);
    for (const when of ['waiting', 'admitted']) {
      const running = engine.generate(REQUEST);
      await running.next();
      const waiting = engine.generate(REQUEST);
      expect((await waiting.next()).value).toMatchObject({ type: 'queued' });
      if (when === 'admitted') await running.return();
      await waiting.return();
      await running.return();
      expect((await eventsOf(engine, REQUEST))[0]).toMatchObject({ type: 'start' });
    }
  });

  it('may be as many at once as there are places, with the texts they have alone', async () => {
    const { engine } = await fakeEngine({ ...pair, parallel: 4 });
    const requests = [1, 2, 3, 4].map((seed) => ({ ...REQUEST, seed, prompt: { text: `once ${seed}` } }));
    const alone = [];
    for (const request of requests) alone.push((await finishOf(engine, request)).tokens);
    const together = await Promise.all(requests.map((request) => finishOf(engine, request)));
    expect(together.map(({ tokens }) => tokens)).toEqual(alone);
  });
});

describe('whoever stops listening', () => {
  it('frees everything, whatever the last event was', async () => {
    const { engine } = await fakeEngine({ ...pair, contextSize: 2048 });
    const request = { ...REQUEST, prompt: { text: 'long '.repeat(300) } };
    const all = await eventsOf(engine, request);
    for (let stopAfter = 1; stopAfter <= all.length; stopAfter++) {
      let seen = 0;
      for await (const _ of engine.generate(request)) if (++seen === stopAfter) break;
      expect((await finishOf(engine, REQUEST)).text.length).toBeGreaterThan(0);
    }
  });

  it('before the first event has cost nothing', async () => {
    const { engine } = await fakeEngine(pair);
    await engine.generate(REQUEST).return();
    await finishOf(engine, REQUEST);
  });
});

describe('aborting', () => {
  it('ends with what is there, whenever it comes', async () => {
    const { engine } = await fakeEngine({ ...pair, contextSize: 2048 });
    const request = { ...REQUEST, prompt: { text: 'long '.repeat(300) }, stop: ['never comes'], cachePrompt: false };
    const all = await eventsOf(engine, request);
    const whole = (all.at(-1) as FinishEvent).text;
    const lastRound = all.findLastIndex(({ type }) => type === 'round');
    for (let abortAfter = 1; abortAfter < all.length - 1; abortAfter++) {
      const stop = new AbortController();
      const events: GenerationEvent[] = [];
      for await (const event of engine.generate(request, stop.signal)) {
        if (events.push(event) === abortAfter) stop.abort();
      }
      const finish = events.at(-1)!;
      if (finish.type !== 'finish') expect.fail();
      expect(whole.startsWith(finish.text)).toBe(true);
      expect(events.map((event) => (event.type === 'text' ? event.text : '')).join('')).toBe(finish.text);
      // The last round is whole: what comes behind it is its text.
      expect(finish.reason).toBe(abortAfter <= lastRound ? 'aborted' : 'length');
    }
  });

  it('before the start is heard too', async () => {
    const { engine } = await fakeEngine(pair);
    const events = await eventsOf(engine, REQUEST, AbortSignal.abort());
    expect(events).toMatchObject([{ type: 'finish', reason: 'aborted', text: '' }]);
    await finishOf(engine, REQUEST);
  });
});

describe('a pass that fails', () => {
  it('is an error event for its request alone; what was sent stays, and the engine goes on', async () => {
    let failure: Error | undefined;
    const fault = (pass: number) => (pass === 4 ? failure : undefined);
    const { engine } = await fakeEngine({ target: { ...long, fault }, draft: long });
    failure = new Error('the device is gone');
    const events = await eventsOf(engine, REQUEST);
    expect(namesOf(events)).toMatch(/^start( round( text)*)+ error$/);
    expect(events.at(-1)).toMatchObject({ error: { code: 'backend_failed', message: 'the device is gone' } });
    expect((await finishOf(engine, REQUEST)).completionTokens).toBe(12);
  });

  it('of the draft model is one too', async () => {
    let failure: OutriderError | undefined;
    const fault = (pass: number) => (pass === 2 ? failure : undefined);
    const { engine } = await fakeEngine({ target: long, draft: { ...long, fault } });
    failure = new OutriderError('backend_failed', 'the draft is gone');
    expect((await eventsOf(engine, REQUEST)).at(-1)).toEqual({ type: 'error', error: failure });
    expect((await finishOf(engine, REQUEST)).completionTokens).toBe(12);
  });
});

describe('closing', () => {
  it('inside the loop over a request ends the request', async () => {
    const { engine, backend } = await fakeEngine(pair);
    const events: GenerationEvent[] = [];
    for await (const event of engine.generate(REQUEST)) {
      events.push(event);
      if (event.type === 'round') await engine.close();
    }
    expect(backend.isClean).toBe(true);
    expect(namesOf(events)).toMatch(/^start round text finish$/);
    expect(events.at(-1)).toMatchObject({ reason: 'aborted' });
  });

  it('does not wait for a listener that has gone away', async () => {
    const { engine, backend } = await fakeEngine({ ...pair, parallel: 2 });
    await engine.generate(REQUEST).next();
    const abandoned = engine.generate(REQUEST);
    for (let i = 0; i < 4; i++) await abandoned.next();
    await engine.close();
    expect(backend.isClean).toBe(true);
  });

  it('waits for the pass that runs, and ends those in line', async () => {
    const gate = new Gate();
    let loading = true;
    const elsewhere = (): Promise<unknown> | undefined => (loading ? undefined : gate.elsewhere());
    const { engine, backend } = await fakeEngine({ target: { ...long, elsewhere } });
    loading = false;
    const running = eventsOf(engine, REQUEST);
    const waiting = eventsOf(engine, REQUEST);
    await gate.reached;
    const closed = engine.close();
    expect(engine.close()).toBe(closed);
    await turn();
    expect(backend.isClean).toBe(false);
    gate.open();
    await closed;
    expect((await running).at(-1)).toMatchObject({ type: 'finish', reason: 'aborted' });
    expect((await waiting).at(-1)).toMatchObject({ type: 'finish', reason: 'aborted' });
  });

  it('is final', async () => {
    const { engine } = await fakeEngine(pair);
    await engine.close();
    await expect(eventsOf(engine, REQUEST)).rejects.toMatchObject({ code: 'closed' });
  });
});
