import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../engine/backend.js';
import { type LlamaBackend, type LlamaModel, openBackend } from './index.js';
import { append, best, fillRows } from './testing/generate.js';
import { OPTIONS, refusal } from './testing/small-context.js';

let backend: LlamaBackend;
let model: LlamaModel;
let context: Context;

beforeAll(async () => {
  backend = await openBackend();
  model = await backend.loadModel('models/main-q8_0.gguf', { placement: { on: 'cpu' } });
  context = await model.createContext(OPTIONS);
});
afterAll(() => backend.close());

function clear(): void {
  context.trim(0, 0);
  context.trim(1, 0);
}

describe('where passes run', () => {
  test('the event loop stays free during a long pass', async () => {
    clear();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for (let position = 0; position < 448; position += 64) {
      const before = ticks;
      fillRows(
        context,
        0,
        position,
        Array.from({ length: 64 }, (_, i) => 200 + i),
      );
      const pass = context.decode(64);
      expect(pass).toBeInstanceOf(Promise);
      expect(await pass).toBe('done');
      expect(ticks).toBeGreaterThan(before);
    }
    clearInterval(timer);
  });

  test('passes known to be short run in place', async () => {
    const eager = await openBackend({ inPlaceMs: Number.POSITIVE_INFINITY });
    const loaded = await eager.loadModel('models/draft-q8_0.gguf', { placement: { on: 'cpu' } });
    const own = await loaded.createContext(OPTIONS);
    await append(own, 0, 0, [1]);
    fillRows(own, 0, 1, [2]);
    expect(own.decode(1)).toBe('done');
    eager.close();
  });

  test('two contexts may run at once; one refuses a second pass', async () => {
    const other = await model.createContext(OPTIONS);
    clear();
    const prompt = Array.from({ length: 64 }, (_, i) => 300 + i);
    const alone = await append(other, 0, 0, prompt);
    other.trim(0, 0);
    fillRows(context, 0, 0, prompt);
    fillRows(other, 0, 0, prompt);
    const passes = [context.decode(64), other.decode(64)];
    expect(await refusal(() => context.decode(1))).toMatchObject({ message: expect.stringMatching(/still running/) });
    expect(() => context.logits(63)).toThrow(/still running/);
    expect(() => context.trim(0, 0)).toThrow(/still running/);
    expect(await Promise.all(passes)).toEqual(['done', 'done']);
    expect(context.logits(63)).toEqual(alone);
    expect(other.logits(63)).toEqual(alone);
    other.close();
  });
});

describe('threads', () => {
  const prompt = Array.from({ length: 32 }, (_, i) => 100 + i);

  test('may change between passes, and give the same text', async () => {
    const own = await model.createContext(OPTIONS);
    const one = await append(own, 0, 0, prompt);
    for (const threads of [2, 3, 1, 2]) {
      own.setThreads(threads);
      expect(own.threads).toBe(threads);
      own.trim(0, 0);
      const logits = await append(own, 0, 0, prompt);
      expect(best(logits)).toBe(best(one));
    }
    own.close();
  });

  test('contexts with threads of their own run at once, change them and close', async () => {
    const contexts = await Promise.all(
      Array.from({ length: 3 }, () => model.createContext({ ...OPTIONS, threads: 2 })),
    );
    const alone = await append(contexts[0]!, 0, 0, prompt);
    for (const threads of [2, 3]) {
      for (const own of contexts) {
        own.trim(0, 0);
        own.setThreads(threads);
        fillRows(own, 0, 0, prompt);
      }
      await Promise.all(contexts.map((own) => own.decode(prompt.length)));
      for (const own of contexts) expect(best(own.logits(prompt.length - 1))).toBe(best(alone));
    }
    for (const own of contexts) own.close();
  });
});

test('the draft model, whose heads are small, gets plain attention; the main model fused', async () => {
  const lines: string[] = [];
  const talking = await openBackend({ log: (_, line) => lines.push(line) });
  for (const [path, attention] of [
    ['models/draft-q8_0.gguf', 'disabled'],
    ['models/main-q8_0.gguf', 'auto'],
  ] as const) {
    const loaded = await talking.loadModel(path, { placement: { on: 'cpu' } });
    lines.length = 0;
    await loaded.createContext(OPTIONS);
    expect(lines.join('\n')).toMatch(new RegExp(`flash_attn += ${attention}`));
  }
  talking.close();
});

describe('closing', () => {
  test('a closed context throws, twice is fine', async () => {
    const own = await model.createContext(OPTIONS);
    await append(own, 0, 0, [1, 2]);
    own.close();
    own.close();
    for (const work of [
      () => own.decode(1),
      () => own.logits(1),
      () => own.trim(0, 0),
      () => own.copy(0, 1),
      () => own.setThreads(1),
    ]) {
      expect(await refusal(work)).toMatchObject({ code: 'closed' });
    }
    own.rows.token[0] = 1;
  });

  test('closing everything while a pass runs waits for the pass', async () => {
    const loaded = await backend.loadModel('models/main-q8_0.gguf', { placement: { on: 'cpu' } });
    const own = await loaded.createContext(OPTIONS);
    fillRows(
      own,
      0,
      0,
      Array.from({ length: 64 }, (_, i) => 100 + i),
    );
    const pass = own.decode(64);
    loaded.close();
    expect(await pass).toBe('done');
    expect(() => own.logits(63)).toThrow(/closed/);
    expect(await refusal(() => loaded.createContext(OPTIONS))).toMatchObject({ code: 'closed' });
    expect(() => loaded.vocabulary.text(1)).toThrow(/closed/);
  });

  test('closing a model while a context is being made', async () => {
    const loaded = await backend.loadModel('models/draft-q8_0.gguf', { placement: { on: 'cpu' } });
    const making = loaded.createContext(OPTIONS);
    loaded.close();
    expect(await refusal(() => making)).toMatchObject({ code: 'closed' });
  });
});
