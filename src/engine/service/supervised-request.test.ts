import { describe, expect, it } from 'vitest';
import { finishEvent, roundEvent, startEvent, textEvent } from '../../cli/testing/events.js';
import { OutriderError } from '../../errors.js';
import type { GenerationEvent } from '../events.js';
import type { ServiceRequest } from '../service.js';
import { SupervisedRequest } from './supervised-request.js';

function supervised(request: Partial<ServiceRequest> = {}) {
  const clock = { ms: 0 };
  return { request: new SupervisedRequest(0, { prompt: { text: 'a' }, ...request }, () => clock.ms), clock };
}

async function seenOf(request: SupervisedRequest): Promise<GenerationEvent[]> {
  const events: GenerationEvent[] = [];
  for await (const group of request.groups()) events.push(...group);
  return events;
}

describe('a request over several lives of the engine', () => {
  it('is asked for as it came, until it has begun', () => {
    const { request } = supervised({ seed: 3, resume: [9] });
    expect(request.enter()).toEqual({ prompt: { text: 'a' }, seed: 3, resume: [9], admission: 'new' });
    request.take([{ type: 'queued', ahead: 2 }]);
    expect(request.enter()).toEqual({ prompt: { text: 'a' }, seed: 3, resume: [9], admission: 'again' });
  });

  it('is queued until it has begun, or is tried in silence', async () => {
    const { request } = supervised({ mode: 'auto' });
    request.enter();
    request.take([{ type: 'queued', ahead: 0 }]);
    expect(request.isQueued).toBe(true);
    request.take([{ type: 'admitted' }]);
    expect(request.isQueued).toBe(false);
    request.take([{ type: 'queued', ahead: 1 }]);
    expect(request.isQueued).toBe(true);
    request.take([startEvent()]);
    expect(request.isQueued).toBe(false);
    request.enter();
    request.take([{ type: 'queued', ahead: 0 }, { type: 'admitted' }]);
    request.end();
    expect((await seenOf(request)).map(({ type }) => type)).toEqual(['queued', 'admitted', 'queued', 'start']);
  });

  it('goes on with the seed that was drawn under match, behind all that is there', () => {
    const { request } = supervised({ resume: [9] });
    request.enter();
    request.take([startEvent({ seed: 77, seedOrigin: 'drawn' }), roundEvent([4, 5], 1, 6)]);
    expect(request.hasProgressed).toBe(true);
    expect(request.enter()).toEqual({
      prompt: { text: 'a' },
      seed: 77,
      verification: 'match',
      resume: [9, 4, 6],
      admission: 'again',
    });
    expect(request.hasProgressed).toBe(false);
  });

  it.each(['auto', 'rejection', 'block'] as const)('goes on with fresh coins under %s', (verification) => {
    const { request } = supervised();
    request.enter();
    request.take([startEvent({ seed: 77, seedOrigin: 'drawn', verification }), roundEvent([], 0, 6)]);
    expect(request.enter()).toEqual({ prompt: { text: 'a' }, verification, resume: [6], admission: 'again' });
  });

  it('goes on with the model that writes, where that was not for the request to say', () => {
    const { request } = supervised({ mode: 'auto' });
    request.enter();
    const route = { to: 'draft', rule: 'title', reason: 'it is one' } as const;
    request.take([startEvent({ mode: 'draft', route, seed: 7 }), roundEvent([], 0, 6)]);
    expect(request.enter()).toMatchObject({ mode: 'auto', route, resume: [6] });
  });

  it('is one answer to its reader, whose statistics and times are those of all lives', async () => {
    const { request, clock } = supervised();
    const first = [startEvent({ promptTokens: 3 }), { type: 'prompt', evaluated: 3, total: 3 } as const];
    request.enter();
    request.take(first);
    clock.ms = 30;
    request.take([roundEvent([], 0, 1), textEvent('one')]);
    request.enter();
    clock.ms = 80;
    const second = [...first, roundEvent([2, 3], 1, 4), textEvent('two', 'accepted')];
    const finish = finishEvent(second, { tokens: [1, 2, 4], text: 'onetwo', completionTokens: 3 });
    request.take([{ type: 'queued', ahead: 0 }, ...second, finish]);
    request.end();
    const events = await seenOf(request);
    expect(events.map(({ type }) => type)).toEqual(['start', 'prompt', 'round', 'text', 'round', 'text', 'finish']);
    expect(events.flatMap((event) => (event.type === 'round' ? [event.index] : []))).toEqual([0, 1]);
    expect(events.at(-1)).toMatchObject({
      tokens: [1, 2, 4],
      text: 'onetwo',
      statistics: { rounds: 2, drafted: 2, accepted: 1, rejected: 1, plain: 1, recovered: 1 },
      timings: {
        promptMs: 30,
        predictedMs: 50,
        predictedPerSecond: 40,
        promptPerSecond: 100,
        draftMs: 0.5,
        verifyMs: 1.25,
      },
    });
  });

  it('fails with an error event once something was seen, else with a throw', async () => {
    const error = new OutriderError('engine_died', 'it died');
    const { request } = supervised();
    request.fail(error);
    await expect(seenOf(request)).rejects.toBe(error);
    const { request: begun } = supervised();
    begun.enter();
    begun.take([startEvent()]);
    begun.fail(error);
    expect((await seenOf(begun)).at(-1)).toEqual({ type: 'error', error });
  });
});
