import { describe, expect, it } from 'vitest';
import type { RouteRules } from '../routing/index.js';
import type { FinishEvent, GenerationEvent, Route } from './events.js';
import type { GenerationRequest } from './request.js';
import { Gate, someTokens } from './testing/batcher.js';
import { eventsOf, type FakeEngineOptions, fakeEngine, finishOf } from './testing/engine.js';
import { PIECES } from './testing/fake-vocabulary.js';

const REQUEST: GenerationRequest = { prompt: { text: 'once upon' }, mode: 'auto', maxTokens: 40, seed: 5 };
const GREEDY = { sampling: { temperature: 0 } };
const long = { endBias: -30 };
/** A draft model that is often right and says that it does not know, and one that knows. */
const unsure = { ...long, drift: 0.3, certainty: 0.5 };
const sure = { ...unsure, certainty: 10 };
const pair = { target: long, draft: unsure };
const to = (target: 'draft' | 'target'): RouteRules => [{ name: 'all', to: target, reason: 'for a test', when: {} }];

const namesOf = (events: readonly GenerationEvent[]): string => events.map(({ type }) => type).join(' ');
const routeOf = (events: readonly GenerationEvent[]): Route | undefined => {
  const [start] = events.filter((event) => event.type === 'start');
  const finish = events.at(-1);
  if (finish?.type !== 'finish') expect.fail(`the last event is ${finish?.type}`);
  if (start !== undefined) expect(start.route).toEqual(finish.route);
  return finish.route;
};
const answerOf = ({ tokens, text, reason }: FinishEvent) => ({ tokens, text, reason });

/** An engine that no rule helps. */
const undecided = (options: FakeEngineOptions = {}) => fakeEngine({ ...pair, routes: [], ...options });

describe('a request in mode auto that a rule decides', () => {
  it.each([
    ['draft', 'draft'],
    ['target', 'speculative'],
  ] as const)('to the %s is one in mode %s, and says why', async (target, mode) => {
    const { engine } = await fakeEngine({ ...pair, routes: to(target) });
    const events = await eventsOf(engine, REQUEST);
    expect(events[0]).toMatchObject({ type: 'start', mode });
    expect(routeOf(events)).toEqual({ to: target, rule: 'all', reason: 'for a test' });
    expect(events.at(-1)).toMatchObject(answerOf(await finishOf(engine, { ...REQUEST, mode })));
  });

  it('goes by what the client declares', async () => {
    const { engine } = await fakeEngine(pair);
    const routed = async (changes: Partial<GenerationRequest>) =>
      routeOf(await eventsOf(engine, { ...REQUEST, ...changes }))?.to;
    expect(await routed({ effort: 'high' })).toBe('target');
    expect(await routed({ effort: 'minimal' })).toBe('draft');
    expect(await routed({ effort: 'minimal', prompt: { messages: [{ role: 'user', content: 'a' }] } })).toBe('draft');
    expect(await routed({ effort: 'minimal', prompt: { tokens: [1, 262] } })).toBe('draft');
  });

  it('goes to the target where there is no draft model', async () => {
    const { engine } = await fakeEngine({ target: long, routes: to('draft') });
    expect(routeOf(await eventsOf(engine, REQUEST))).toMatchObject({ to: 'target', rule: 'no-draft-model' });
  });

  it.each([['a rule', to('draft')] as const, ['no rule', []] as const])(
    'goes to the target where the draft model cannot read it, by %s',
    async (_, routes) => {
      // Without words of several letters the draft model has more tokens for the same text.
      const letters = { ...unsure, pieces: PIECES.slice(0, -9) };
      const { engine } = await fakeEngine({ target: long, draft: letters, routes, contextSize: 64 });
      const request = { ...REQUEST, prompt: { text: ' the'.repeat(30) } };
      const events = await eventsOf(engine, request);
      const route = routeOf(events);
      expect(route?.to).toBe('target');
      expect(route?.reason).toMatch(/^the draft model cannot: the prompt has 1\d\d tokens/);
      expect(events.at(-1)).toMatchObject(answerOf(await finishOf(engine, { ...request, mode: 'main' })));
    },
  );

  it('has no route in any other mode', async () => {
    const { engine } = await fakeEngine(pair);
    for (const mode of ['speculative', 'main', 'draft'] as const) {
      expect(routeOf(await eventsOf(engine, { ...REQUEST, mode }))).toBeUndefined();
    }
  });

  it('keeps to a route that was decided before', async () => {
    const { engine } = await fakeEngine({ ...pair, routes: to('target') });
    const route: Route = { to: 'draft', rule: 'title', reason: 'it is one' };
    const whole = await finishOf(engine, { ...REQUEST, mode: 'draft' });
    const resumed = await eventsOf(engine, { ...REQUEST, route, resume: whole.tokens.slice(0, 9) });
    expect(routeOf(resumed)).toEqual(route);
    expect(resumed.at(-1)).toMatchObject(answerOf(whole));
  });
});

describe('a request in mode auto that no rule decides', () => {
  it('is the draft model’s where that is sure of its beginning', async () => {
    const { engine, target } = await undecided({ draft: sure });
    const events = await eventsOf(engine, { ...REQUEST, ...GREEDY });
    expect(routeOf(events)).toMatchObject({ to: 'draft', rule: 'none' });
    expect(routeOf(events)?.escalated).toBeUndefined();
    expect(namesOf(events)).toMatch(/^start( prompt)*( round( text)*){40} finish$/);
    expect(events.at(-1)).toMatchObject(answerOf(await finishOf(engine, { ...REQUEST, ...GREEDY, mode: 'draft' })));
    expect(target.contexts.flatMap(({ passes }) => passes)).toEqual([]);
  });

  it('is the target’s own where the draft model is unsure, which is verified first', async () => {
    const { engine } = await undecided();
    const events = await eventsOf(engine, { ...REQUEST, ...GREEDY });
    const route = routeOf(events);
    expect(route).toMatchObject({ to: 'target', escalated: { atToken: 8 } });
    expect(route?.escalated?.confidence).toBeLessThan(0.6);
    expect(namesOf(events)).toMatch(/^start( prompt)*( round( text)*)+ finish$/);
    expect(events[0]).toMatchObject({ mode: 'speculative', verification: 'match' });
    expect(events.at(-1)).toMatchObject(answerOf(await finishOf(engine, { ...REQUEST, ...GREEDY, mode: 'main' })));
  });

  it('says which of its text the draft model had written', async () => {
    const { engine } = await undecided({ draft: { ...long, certainty: 0.5 } });
    const events = await eventsOf(engine, { ...REQUEST, ...GREEDY });
    const escalated = events.filter((event) => event.type === 'round' && event.escalated);
    // The first token came with the prompt; the draft model is the target's twin.
    expect(escalated).toMatchObject([{ index: 1, draft: { tokens: { length: 7 } }, accepted: 7, origin: 'bonus' }]);
    const origins = events.flatMap((event) => (event.type === 'text' ? [event.origin] : []));
    expect(origins.slice(0, 9)).toEqual(['plain', ...Array<string>(7).fill('escalated'), 'bonus']);
    expect(origins.slice(9)).not.toContain('escalated');
  });

  it.each([
    ['drawn', { sampling: { temperature: 1, topK: 0, topP: 1, minP: 0 } }],
    ['with bans', { ...GREEDY, bannedStrings: ['a', 'e'] }],
    ['with a stop string', { ...GREEDY, stop: ['z'] }],
    ['with short drafts', { ...GREEDY, draft: { max: 2 } }],
    ['with drafts of a fixed length', { ...GREEDY, draft: { min: 3, max: 3 } }],
    ['without drafts', { ...GREEDY, draft: { max: 0 } }],
    ['with Mirostat', { sampling: { temperature: 1, mirostat: 'v2' as const } }],
    ['short', { ...GREEDY, maxTokens: 3 }],
  ] as const)('repeats the target’s text under its seed, %s', async (_, changes) => {
    const { engine } = await undecided();
    for (const seed of [1, 2, 3]) {
      const events = await eventsOf(engine, { ...REQUEST, ...changes, seed });
      const { to: writer } = routeOf(events)!;
      const alone = await finishOf(engine, {
        ...REQUEST,
        ...changes,
        seed,
        mode: writer === 'draft' ? 'draft' : 'main',
      });
      expect(events.at(-1)).toMatchObject(answerOf(alone));
      expect(writer).toBe('target');
    }
  });

  it('proposes what the draft model wrote in the target’s tokens', async () => {
    const draft = { ...long, certainty: 0.5, pieces: [...PIECES].reverse() };
    const { engine } = await undecided({ target: long, draft });
    const events = await eventsOf(engine, { ...REQUEST, ...GREEDY });
    const [escalated] = events.filter((event) => event.type === 'round' && event.escalated);
    expect(escalated).toMatchObject({ draft: { tokens: { length: 7 } }, accepted: 7 });
    expect(events.at(-1)).toMatchObject(answerOf(await finishOf(engine, { ...REQUEST, ...GREEDY, mode: 'main' })));
  });

  it('counts drafted tokens that were not verified as discarded', async () => {
    const { engine } = await undecided({ draft: { ...unsure, seed: 2 } });
    const events = await eventsOf(engine, { ...REQUEST, ...GREEDY, draft: { max: 0 } });
    const rounds = events.filter((event) => event.type === 'round');
    expect(rounds.some(({ escalated }) => escalated)).toBe(false);
    expect(events.at(-1)).toMatchObject({ statistics: { drafted: 8, discarded: 8, accepted: 0, rejected: 0 } });
  });

  it('shows nothing of a beginning that nobody is going to see', async () => {
    const gate = new Gate();
    let isLoaded = false;
    const { engine } = await undecided({
      draft: { ...sure, elsewhere: () => (isLoaded ? gate.elsewhere() : undefined) },
    });
    isLoaded = true;
    const stop = new AbortController();
    const events = eventsOf(engine, { ...REQUEST, ...GREEDY }, stop.signal);
    await gate.reached;
    stop.abort();
    gate.open();
    expect(namesOf(await events)).toBe('finish');
    expect((await events).at(-1)).toMatchObject({ reason: 'aborted', tokens: [], text: '' });
    expect(await finishOf(engine, { ...REQUEST, ...GREEDY })).toMatchObject({ reason: 'length' });
  });

  it('is answered beside an answer of the target', async () => {
    const { engine } = await undecided({ draft: sure });
    const busy = engine.generate({ ...REQUEST, mode: 'main' });
    await busy.next();
    expect(namesOf(await eventsOf(engine, { ...REQUEST, ...GREEDY }))).toMatch(/^start.* finish$/);
    await busy.return();
  });

  it('waits for the target once it needs that', async () => {
    const { engine } = await undecided();
    const busy = engine.generate({ ...REQUEST, mode: 'main' });
    await busy.next();
    const waiting = engine.generate({ ...REQUEST, ...GREEDY });
    expect(await waiting.next()).toMatchObject({ value: { type: 'queued', ahead: 0 } });
    const next = waiting.next();
    await busy.return();
    expect(await next).toMatchObject({ value: { type: 'start', route: { to: 'target' } } });
    await waiting.return();
    expect(await finishOf(engine, { ...REQUEST, mode: 'main' })).toMatchObject({ reason: 'length' });
  });

  it('says that it is tried, where it had to wait for that', async () => {
    const { engine } = await undecided({ draft: sure });
    const busy = engine.generate({ ...REQUEST, mode: 'draft' });
    await busy.next();
    const waiting = engine.generate({ ...REQUEST, ...GREEDY });
    expect(await waiting.next()).toMatchObject({ value: { type: 'queued', ahead: 0 } });
    const next = waiting.next();
    await busy.return();
    expect(await next).toEqual({ done: false, value: { type: 'admitted' } });
    expect(await waiting.next()).toMatchObject({ value: { type: 'start', route: { to: 'draft' } } });
    await waiting.return();
  });

  it('is refused by neither queue when an engine that died had it', async () => {
    const { engine } = await undecided({ queue: 0 });
    const writers = (['main', 'draft'] as const).map((mode) => engine.generate({ ...REQUEST, mode }));
    for (const writer of writers) await writer.next();
    const again = engine.generate({ ...REQUEST, ...GREEDY, admission: 'again' });
    expect(await again.next()).toMatchObject({ value: { type: 'queued', ahead: 0 } });
    const tried = again.next();
    await writers[1]!.return();
    expect(await tried).toMatchObject({ value: { type: 'admitted' } });
    expect(await again.next()).toMatchObject({ value: { type: 'queued', ahead: 0 } });
    const begun = again.next();
    await writers[0]!.return();
    expect(await begun).toMatchObject({ value: { type: 'start', route: { to: 'target' } } });
    await again.return();
  });

  it('is refused, or ends, where it needs the target and cannot have it', async () => {
    const { engine } = await undecided({ queue: 0 });
    const busy = engine.generate({ ...REQUEST, mode: 'main' });
    await busy.next();
    await expect(eventsOf(engine, { ...REQUEST, ...GREEDY })).rejects.toMatchObject({ code: 'queue_full' });
    await busy.return();
    const { engine: patient } = await undecided();
    const slow = patient.generate({ ...REQUEST, mode: 'main' });
    await slow.next();
    const stop = new AbortController();
    const waiting = patient.generate({ ...REQUEST, ...GREEDY }, stop.signal);
    expect(await waiting.next()).toMatchObject({ value: { type: 'queued' } });
    const next = waiting.next();
    stop.abort();
    expect(await next).toMatchObject({ value: { type: 'finish', reason: 'aborted', text: '' } });
    await slow.return();
  });

  it('is gone on with by whoever wrote it, wherever it was left', async () => {
    for (const draft of [sure, unsure]) {
      const { engine } = await undecided({ draft });
      for (const sampling of [GREEDY.sampling, { temperature: 1 }]) {
        const whole = await eventsOf(engine, { ...REQUEST, sampling });
        const route = routeOf(whole)!;
        const finish = whole.at(-1) as FinishEvent;
        for (const count of [0, 1, 5, 8, 30]) {
          const resume = finish.tokens.slice(0, count);
          const rest = await finishOf(engine, { ...REQUEST, sampling, route, resume });
          expect(rest).toMatchObject({ ...answerOf(finish), route });
        }
      }
    }
  });

  it('is tried as any other where its context ends meanwhile', async () => {
    const { engine } = await undecided({ contextSize: 64, contextShift: true });
    for (const promptLength of [57, 60, 63]) {
      const request = { ...REQUEST, ...GREEDY, prompt: { tokens: someTokens(promptLength) } };
      const finish = await finishOf(engine, request);
      expect(finish.route?.escalated?.atToken).toBe(8);
      expect(finish).toMatchObject(answerOf(await finishOf(engine, { ...request, mode: 'main' })));
    }
  });

  it('is not begun by the draft model where it is under way', async () => {
    const { engine } = await undecided({ draft: sure });
    const { tokens } = await finishOf(engine, { ...REQUEST, ...GREEDY, mode: 'main' });
    const resumed = await finishOf(engine, { ...REQUEST, ...GREEDY, resume: tokens.slice(0, 3) });
    expect(resumed).toMatchObject({ tokens, route: { to: 'target' } });
  });

  it('runs beside others of its kind', async () => {
    const { engine } = await undecided({ parallel: 3 });
    const requests = [1, 2, 3, 4, 5, 6].map((seed) => ({ ...REQUEST, seed, prompt: { text: `once ${seed}` } }));
    const together = await Promise.all(requests.map((request) => finishOf(engine, request)));
    for (const [i, request] of requests.entries()) {
      const mode = together[i]!.route!.to === 'draft' ? 'draft' : 'main';
      expect(together[i]).toMatchObject(answerOf(await finishOf(engine, { ...request, mode })));
    }
  });

  it('learns from what became of it how far the draft model is to be trusted', async () => {
    const { engine } = await undecided({ draft: { ...long, certainty: 0.5 } });
    const { knowledge } = engine.models.learnt;
    const model = knowledge.acceptanceOf('draft1 opening warmth 0');
    await finishOf(engine, { ...REQUEST, ...GREEDY });
    expect(model.judged).toBe(8);
    // A twin is always right: once that is known it writes alone, however unsure it says that it is.
    for (let seed = 0; seed < 12; seed++) {
      await finishOf(engine, { ...REQUEST, ...GREEDY, prompt: { text: `once upon ${seed}` } });
    }
    expect(model.judged).toBeGreaterThanOrEqual(64);
    expect(routeOf(await eventsOf(engine, { ...REQUEST, ...GREEDY }))?.to).toBe('draft');
  });

  it('has the target’s text under strict decoding, in as many passes as that takes', async () => {
    const { engine } = await undecided({ strict: true });
    for (const text of ['once', 'upon', 'a time']) {
      const request = { ...REQUEST, ...GREEDY, prompt: { text } };
      expect(await finishOf(engine, request)).toMatchObject(
        answerOf(await finishOf(engine, { ...request, mode: 'main' })),
      );
    }
  });
});
