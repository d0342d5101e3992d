import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OutriderError } from '../errors.js';
import type { Engine } from './engine.js';
import type { FinishEvent, GenerationEvent } from './events.js';
import type { GenerationRequest } from './request.js';
import type { ScoreRequest } from './score.js';
import { SupervisedRequest } from './service/supervised-request.js';
import { eventsOf, type FakeEngineOptions, fakeEngine, finishOf } from './testing/engine.js';
import { FAKE } from './testing/fake-vocabulary.js';

/** What becomes of a request behind so many of its events; `dies`: its engine does, and another life goes on with it. */
interface Fate {
  readonly kind: 'is read' | 'is aborted' | 'is left' | 'dies';
  readonly after: number;
}

type Visitor =
  | { readonly asks: 'answer'; readonly request: GenerationRequest; readonly fate: Fate; readonly delay: number }
  | { readonly asks: 'score'; readonly request: ScoreRequest; readonly fate: Fate; readonly delay: number };

type Pass = 'in place' | 'elsewhere' | 'full' | 'throws';

interface World {
  readonly engine: FakeEngineOptions;
  readonly visitors: readonly Visitor[];
  /** Cycled through, for target and drafts alike: how each pass runs. */
  readonly passes: readonly Pass[];
}

const draws = { temperature: 0.9, topK: 0, topP: 1, minP: 0 };
const ends = { endBias: -6 };
const unsure = { ...ends, drift: 0.3, certainty: 0.5 };
const sure = { ...ends, drift: 0.2, certainty: 10 };

const text = fc
  .tuple(
    fc.constantFrom('', 'once upon a time ', 'abcdeabcdeedcbaedcba abcde abcde abcde abcde '),
    fc.string({ unit: fc.constantFrom(...'abcde '), minLength: 1, maxLength: 50 }),
  )
  .map((parts) => parts.join(''));

const generation: fc.Arbitrary<GenerationRequest> = fc
  .record(
    {
      text,
      mode: fc.constantFrom('speculative', 'speculative', 'main', 'draft', 'auto', 'auto'),
      maxTokens: fc.nat(60),
      seed: fc.nat(5),
      sampling: fc.constantFrom<NonNullable<GenerationRequest['sampling']>>(
        { temperature: 0 },
        draws,
        { ...draws, repeatPenalty: 1.3, dryMultiplier: 0.8 },
        { ...draws, mirostat: 'v2' },
      ),
      draft: fc.constantFrom({}, { min: 3, max: 3 }, { max: 0 }, { min: 6, max: 6 }),
      stop: fc.constantFrom([], ['e'], ['q', 'zz']),
      bannedStrings: fc.constantFrom([], ['a'], ['the', 'o', 'ab']),
      logprobs: fc.constantFrom(0, 2),
      keepTokens: fc.constantFrom<number | 'prompt'>(0, 5, 'prompt'),
      ignoreEndOfText: fc.boolean(),
      cachePrompt: fc.boolean(),
    },
    { requiredKeys: ['mode', 'text', 'maxTokens', 'seed', 'sampling', 'draft'] },
  )
  .map(({ text, ...rest }) => ({ ...rest, prompt: { text } }));

const scoring: fc.Arbitrary<ScoreRequest> = fc
  .record({ text, mode: fc.constantFrom('main', 'draft'), tokens: fc.array(fc.nat(FAKE.firstByte + 280)) })
  .map(({ text, ...rest }) => ({ ...rest, prompt: { text } }));

const fate: fc.Arbitrary<Fate> = fc.record({
  kind: fc.constantFrom('is read', 'is read', 'is aborted', 'is left', 'dies', 'dies'),
  after: fc.nat(20),
});
const delay = fc.nat(6);
const visitor: fc.Arbitrary<Visitor> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ asks: fc.constant('answer' as const), request: generation, fate, delay }) },
  { weight: 1, arbitrary: fc.record({ asks: fc.constant('score' as const), request: scoring, fate, delay }) },
);

const world: fc.Arbitrary<World> = fc.record({
  engine: fc.record({
    draft: fc.constantFrom([unsure], [sure], [sure, unsure], [unsure, sure]),
    parallel: fc.integer({ min: 1, max: 3 }),
    queue: fc.constantFrom(0, 1, 100),
    strict: fc.boolean(),
    contextShift: fc.boolean(),
    contextSize: fc.constant(96),
    cacheRamBytes: fc.constantFrom(0, 2 ** 20),
    routes: fc.constant([]),
  }),
  visitors: fc.array(visitor, { minLength: 2, maxLength: 6 }),
  passes: fc.oneof(
    fc.array(fc.constantFrom<Pass>('in place', 'elsewhere'), { minLength: 1, maxLength: 5 }),
    fc.array(fc.constantFrom<Pass>('in place', 'elsewhere', 'full', 'throws'), { minLength: 15, maxLength: 20 }),
  ),
});

/** An engine whose passes run as the world says once it is loaded. */
async function engineIn({ engine, passes }: World): Promise<Engine> {
  let isLoaded = false;
  const kindOf = (pass: number): Pass => (isLoaded ? passes[pass % passes.length]! : 'in place');
  const kernels = {
    elsewhere: (pass: number) => (kindOf(pass) === 'elsewhere' ? turn() : undefined),
    fault: (pass: number) => {
      const kind = kindOf(pass);
      return kind === 'full' ? kind : kind === 'throws' ? new Error('the pass failed') : undefined;
    },
  };
  const draft = [engine.draft ?? []].flat().map((one) => ({ ...one, ...kernels }));
  const { engine: loaded } = await fakeEngine({ ...engine, target: { ...ends, ...kernels }, draft });
  isLoaded = true;
  return loaded;
}

/** What a client sees of its request, over the lives of the engine that its fate gives it. */
async function eventsFor(engine: Engine, request: GenerationRequest, fate: Fate): Promise<GenerationEvent[]> {
  const stop = new AbortController();
  const events: GenerationEvent[] = [];
  for await (const event of engine.generate(request, stop.signal)) {
    // A round comes with all that follows from it, or not at all.
    if (fate.kind === 'dies' && event.type === 'round' && events.length >= fate.after) break;
    events.push(event);
    if (events.length <= fate.after) continue;
    if (fate.kind === 'is left') break;
    if (fate.kind === 'is aborted') stop.abort();
  }
  if (fate.kind !== 'dies' || ['finish', 'error'].includes(events.at(-1)?.type ?? '')) return events;
  const supervised = new SupervisedRequest(0, request, () => 0);
  supervised.take(events);
  return [...events, ...(await eventsOf(engine, supervised.enter()))];
}

/** That the events of a request are what it is answered where it is alone. */
async function expectAnswer(events: readonly GenerationEvent[], request: GenerationRequest, alone: Engine) {
  const finish = events.at(-1);
  if (finish?.type === 'error') return expect(finish.error.message).toMatch(/the pass failed|ended with 'full'/);
  if (finish?.type !== 'finish') return expect.fail(`the last event is ${finish?.type}`);
  const seen = events.map((event) => (event.type === 'text' ? event.text : '')).join('');
  expect(seen).toBe(finish.text);
  if (finish.reason === 'aborted') return;
  const mode = finish.route === undefined ? request.mode! : finish.route.to === 'draft' ? 'draft' : 'main';
  const whole = await finishOf(alone, { ...request, mode, cachePrompt: false });
  // Cells that were shifted before anything was dropped are those of another beginning.
  if (finish.shifted !== undefined && finish.dropped === undefined) return;
  expect(answerOf(finish)).toEqual(answerOf(whole));
}

const answerOf = ({ tokens, text, reason, stop, letThrough }: FinishEvent) => ({
  tokens,
  text,
  reason,
  stop,
  letThrough,
});

async function visit(engine: Engine, visitor: Visitor, alone: Engine): Promise<void> {
  const { fate, delay } = visitor;
  for (let i = 0; i < delay; i++) await turn();
  try {
    if (visitor.asks === 'answer') {
      const events = await eventsFor(engine, visitor.request, fate);
      if (fate.kind !== 'is left') await expectAnswer(events, visitor.request, alone);
      return;
    }
    const stop = new AbortController();
    const scored = engine.score(visitor.request, stop.signal);
    if (fate.kind === 'is aborted') void turn().then(() => stop.abort());
    const { tokens } = await scored;
    expect(tokens).toEqual((await alone.score({ ...visitor.request })).tokens);
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'AssertionError') throw error;
    const isRefusal = error instanceof OutriderError && ['queue_full', 'aborted'].includes(error.code);
    if (!isRefusal && !/the pass failed|ended with 'full'/.test(error.message)) throw error;
  }
}

/** That every sequence is given back, and every place. */
async function expectNothingHeld({ models }: Engine): Promise<void> {
  // Of the target each place has one.
  const count = models.target.context.sequences;
  for (const { batcher, places } of [models.target, ...models.drafts]) {
    await batcher.idle();
    expect(batcher.slots.filter(({ state }) => state === 'busy')).toEqual([]);
    const none = new AbortController();
    const ahead: number[] = [];
    for (let i = 0; i < count; i++) await Promise.race([places.enter(none.signal, (n) => ahead.push(n)), turn()]);
    expect(ahead).toEqual([]);
    for (let i = 0; i < count; i++) places.leave();
  }
}

it('whatever requests do beside each other, each gets what it gets alone, and leaves nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (world) => {
      const engine = await engineIn(world);
      const alone = await engineIn({ ...world, passes: ['in place'] });
      await Promise.all(world.visitors.map((visitor) => visit(engine, visitor, alone)));
      await expectNothingHeld(engine);
    }),
    { seed: 1, numRuns: 40 },
  );
});
