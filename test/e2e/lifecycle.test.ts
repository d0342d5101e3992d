/** Engines beside each other, ended, overloaded and interrupted, with the text of a control request as the witness. */
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, GenerationEvent, GenerationRequest } from '../../src/engine/index.js';
import { answer, BY_CONFIDENCE, eventsOf, outcome } from './testing/answer.js';
import { longPrompt } from './testing/heldout.js';
import { loadPair } from './testing/pair.js';

const CONTROL: GenerationRequest = {
  ...BY_CONFIDENCE,
  prompt: { text: 'Once upon a time there was' },
  maxTokens: 32,
  sampling: { temperature: 0 },
};
/** Runs until it is stopped. */
const ENDLESS: GenerationRequest = { ...BY_CONFIDENCE, prompt: { text: 'Once upon a time' }, ignoreEndOfText: true };

let engine: Engine;
let control: ReturnType<typeof outcome>;
beforeAll(async () => {
  engine = await loadPair({ strict: true, parallel: 2 });
  control = outcome(await answer(engine, CONTROL));
});
afterAll(() => engine.close());

async function expectControl(of: Engine = engine): Promise<void> {
  expect(outcome(await answer(of, CONTROL))).toEqual(control);
}

describe('an abort', () => {
  it('in the middle gives the text so far, and leaves an engine that writes as before', async () => {
    const abort = new AbortController();
    const events: GenerationEvent[] = [];
    for await (const event of engine.generate(ENDLESS, abort.signal)) {
      events.push(event);
      if (events.filter(({ type }) => type === 'round').length === 6) abort.abort();
    }
    const last = events.at(-1)!;
    expect(last).toMatchObject({ type: 'finish', reason: 'aborted', statistics: { rounds: 6 } });
    if (last.type !== 'finish') throw new Error('not reached');
    expect(last.text).toBe(events.map((event) => (event.type === 'text' ? event.text : '')).join(''));
    expect(last.completionTokens).toBeGreaterThanOrEqual(6);
    await expectControl();
  });

  it('of one request lets another go on', async () => {
    const abort = new AbortController();
    const aborted = answer(engine, ENDLESS, abort.signal);
    const running = answer(engine, CONTROL);
    await setImmediate();
    abort.abort();
    expect((await aborted).finish.reason).toBe('aborted');
    expect(outcome(await running)).toEqual(control);
  });

  it('during the prompt ends before a token', async () => {
    const abort = new AbortController();
    const long = { ...CONTROL, prompt: longPrompt(engine, 900) };
    for await (const event of engine.generate(long, abort.signal)) {
      if (event.type === 'start') abort.abort();
      else expect(event).toMatchObject({ type: 'finish', reason: 'aborted', completionTokens: 0, text: '' });
    }
    await expectControl();
  });

  it('by leaving the loop gives the place back', async () => {
    for (let i = 0; i < 4; i++) {
      for await (const event of engine.generate(ENDLESS)) if (event.type === 'round') break;
    }
    await expectControl();
  });
});

describe('limits', () => {
  it('a prompt as long as the context is refused by its size', async () => {
    const { contextSize } = engine.models;
    for (const length of [contextSize, contextSize + 1]) {
      await expect(answer(engine, { prompt: longPrompt(engine, length) })).rejects.toMatchObject({
        code: 'context_exceeded',
        message: expect.stringContaining(`${length} tokens`),
        details: { promptTokens: length, contextSize },
      });
    }
    await expectControl();
  });

  it('the context is filled to its last cell, beside another request', async () => {
    const { contextSize } = engine.models;
    const request = { ...ENDLESS, prompt: longPrompt(engine, contextSize - 40), sampling: { temperature: 0 } };
    const [full, other] = await Promise.all([answer(engine, request), answer(engine, CONTROL)]);
    expect(full.finish).toMatchObject({ reason: 'length', completionTokens: 40 });
    expect(outcome(other)).toEqual(control);
    expect(outcome(full)).toEqual(outcome(await answer(engine, { ...request, mode: 'main' })));
  });

  it('one token, and none', async () => {
    const one = await answer(engine, { ...CONTROL, maxTokens: 1 });
    expect(one.finish).toMatchObject({ reason: 'length', tokens: control.tokens.slice(0, 1) });
    const none = await answer(engine, { ...CONTROL, maxTokens: 0 });
    expect(none.finish).toMatchObject({ reason: 'length', tokens: [], text: '' });
  });

  it('a context that memory cannot hold is refused before anything is allocated', async () => {
    const before = process.memoryUsage().rss;
    await expect(loadPair({ contextSize: 2 ** 22, parallel: 4 })).rejects.toMatchObject({
      code: 'memory_exceeded',
      message: expect.stringMatching(/this needs [\d.]+ GiB .* are free .*cache [\d.]+ GiB.*--ctx-size/),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 30);
  });
});

describe('engines in one process', () => {
  it('two write at once what one writes', async () => {
    const other = await loadPair({ strict: true, parallel: 2 });
    await Promise.all([expectControl(), expectControl(other), expectControl(other), expectControl()]);
    await other.close();
    await expectControl();
  });

  it('closing one ends its requests, running and waiting, and leaves the other alone', async () => {
    const closing = await loadPair({ strict: true });
    const requests = [eventsOf(closing, ENDLESS), eventsOf(closing, ENDLESS)];
    for await (const event of engine.generate(CONTROL)) if (event.type === 'round') await closing.close();
    const [running, waiting] = await Promise.all(requests);
    expect(running!.at(0)).toMatchObject({ type: 'start' });
    expect(running!.at(-1)).toMatchObject({ type: 'finish', reason: 'aborted' });
    expect(waiting).toMatchObject([
      { type: 'queued', ahead: 0 },
      { type: 'finish', reason: 'aborted', completionTokens: 0 },
    ]);
    await expect(answer(closing, CONTROL)).rejects.toMatchObject({ code: 'closed' });
    await closing.close();
    await expectControl();
  });

  it('many, one after the other, leave no memory behind', async () => {
    const load = async (): Promise<void> => (await loadPair({ contextSize: 256 })).close();
    for (let i = 0; i < 2; i++) await load();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 6; i++) await load();
    // Each has some 20 MiB of weights and buffers.
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 2 ** 20);
  });
});

describe('the event loop', () => {
  it('turns while a long prompt is evaluated', async () => {
    const long = { ...CONTROL, prompt: longPrompt(engine, 1000, 20), maxTokens: 1 };
    let ticks = 0;
    let ticksAtStart = 0;
    let ticksOfPrompt = 0;
    const timer = setInterval(() => ticks++, 1);
    for await (const event of engine.generate(long)) {
      if (event.type === 'start') ticksAtStart = ticks;
      if (event.type === 'round') ticksOfPrompt = ticks - ticksAtStart;
    }
    clearInterval(timer);
    // A pass that ran on this thread would let none through.
    expect(ticksOfPrompt).toBeGreaterThan(2);
  });

  it('turns while tokens are generated in place', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await answer(engine, { ...ENDLESS, maxTokens: 200 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });
});
