import { describe, expect, it } from 'vitest';
import { OutriderError } from '../errors.js';
import type { Device } from './backend.js';
import type { LoadEvent } from './events.js';
import { fakeEngine, finishOf, loading } from './testing/engine.js';
import { PIECES } from './testing/fake-vocabulary.js';

const STRANGE = Array.from({ length: 48 }, (_, i) => `strange${i}`);
const GPU: Device = { name: 'GPU0', description: 'fake', kind: 'gpu', freeBytes: 2 ** 30, totalBytes: 2 ** 30 };

describe('loading', () => {
  it('reports both models and that it is ready', async () => {
    const events: LoadEvent[] = [];
    const { engine } = await fakeEngine({ draft: {}, onProgress: (event) => events.push(event) });
    for (const role of ['target', 'draft']) {
      expect(events.filter((event) => event.type === 'model' && event.role === role)).toMatchObject([
        { fraction: 0 },
        { fraction: 1 },
      ]);
    }
    expect(events.at(-1)).toEqual({ type: 'ready', loadMs: engine.loadMs });
    expect([engine.models.target.name, engine.models.draft?.name]).toEqual(['target', 'draft1']);
  });

  it('gets on with every pass on trial, too', async () => {
    const trials = async (strict: boolean) => {
      const events: LoadEvent[] = [];
      await fakeEngine({ draft: {}, strict, onProgress: (event) => events.push(event) });
      return (['target', 'draft'] as const).map(
        (of) => events.filter((event) => event.type === 'trial' && event.role === of).length,
      );
    };
    const [target, draft] = await trials(false);
    expect(target).toBeGreaterThan(1);
    expect(draft).toBeGreaterThan(1);
    expect((await trials(true))[0]).toBeGreaterThan(target! + 10);
  });

  it('takes the trained context up to 4096 tokens, and says when more is asked for', async () => {
    const sizes = [];
    for (const trainedContext of [512, 32768]) {
      sizes.push((await fakeEngine({ target: { trainedContext } })).engine.models.contextSize);
    }
    expect(sizes).toEqual([512, 4096]);
    const { engine } = await fakeEngine({ target: { trainedContext: 512 }, contextSize: 1024 });
    expect(engine.models.contextSize).toBe(1024);
    expect(engine.models.notes).toEqual(['a context of 1024 tokens is beyond the 512 that the model was trained for']);
  });

  it('makes a context for as many requests as may run at once, with no more logits than a pass has rows', async () => {
    const { target } = await fakeEngine({ parallel: 256, contextSize: 64 });
    expect(target.contexts[0]).toMatchObject({ sequences: 256, tokensPerSequence: 64, outputs: 512, batch: 512 });
  });

  it('says that layers stay on the processor where there is no GPU', async () => {
    const { engine } = await fakeEngine({ gpuLayers: 3 });
    expect(engine.models.notes.join()).toContain('no GPU was found');
    const { engine: other } = await fakeEngine({ gpuLayers: 3, backend: { devices: [GPU] } });
    expect(other.models.notes).toEqual([]);
  });
});

describe('drafts', () => {
  it('that do not fit are refused', async () => {
    const { backend, loaded } = await loading({ draft: { pieces: STRANGE } });
    await expect(loaded).rejects.toMatchObject({ code: 'vocab_mismatch', message: /draft1 as a draft for target/ });
    expect(backend.isClean).toBe(true);
  });

  it('that do not fit are left out where that is allowed, with a note', async () => {
    const { engine, backend } = await fakeEngine({ draft: { pieces: STRANGE }, draftOptional: true });
    expect(engine.models.draft).toBeUndefined();
    expect(engine.models.notes.join()).toContain('going on without it');
    expect(backend.models.map(({ isClosed }) => isClosed)).toEqual([false, true]);
    await finishOf(engine, { prompt: { text: 'once' }, maxTokens: 3 });
  });

  it('that fit are used together, those that do not are closed', async () => {
    const draft = [{ pieces: STRANGE }, { pieces: PIECES }, {}];
    const { engine, backend } = await fakeEngine({ draft, draftOptional: true });
    expect(engine.models.drafts.map(({ name }) => name)).toEqual(['draft2', 'draft3']);
    expect(engine.models.draft?.name).toBe('draft2');
    expect(backend.models.filter(({ isClosed }) => !isClosed)).toHaveLength(3);
  });

  it.each(['target', 'draft'] as const)('need caches that drop what was rejected (%s)', async (role) => {
    const options = { target: {}, draft: {}, [role]: { canTrim: false } };
    const { backend, loaded } = await loading(options);
    await expect(loaded).rejects.toMatchObject({ message: /cannot drop rejected tokens/ });
    expect(backend.isClean).toBe(true);
  });
});

it('measures what passes cost also where the context is small', async () => {
  for (const strict of [false, true]) {
    const { engine } = await fakeEngine({ draft: {}, contextSize: 8, strict });
    await finishOf(engine, { prompt: { tokens: [262] }, draft: { min: 3, max: 3 } });
  }
});

describe('a recurrent target', () => {
  it('writes alone', async () => {
    const { engine } = await fakeEngine({ target: { canTrim: false, endBias: -30 } });
    const trimmable = await fakeEngine({ target: { endBias: -30 } });
    const request = { prompt: { text: 'once' }, maxTokens: 10, seed: 1 };
    expect((await finishOf(engine, request)).text).toBe((await finishOf(trimmable.engine, request)).text);
  });

  it('cannot be strict', async () => {
    const { backend, loaded } = await loading({ target: { canTrim: false }, strict: true });
    await expect(loaded).rejects.toMatchObject({ code: 'backend_failed', message: /recurrent/ });
    expect(backend.isClean).toBe(true);
  });
});

describe('a load that fails', () => {
  const failure = new OutriderError('model_invalid', 'the file is damaged');
  const huge = { weightsBytes: 2 ** 50, cacheBytes: 0, computeBytes: 0 };
  const nothing = { weightsBytes: 0, cacheBytes: 0, computeBytes: 0 };

  it.each([
    ['for its target', { target: { loadFailure: failure }, draft: {} }, 'model_invalid'],
    ['for its draft', { draft: { loadFailure: failure } }, 'model_invalid'],
    [
      'for its draft, although drafts are optional',
      { draft: { loadFailure: failure }, draftOptional: true },
      'model_invalid',
    ],
    ['for want of memory', { backend: { estimate: { host: huge, gpu: nothing } } }, 'memory_exceeded'],
    [
      'for want of GPU memory',
      { backend: { estimate: { host: nothing, gpu: huge }, devices: [GPU] } },
      'memory_exceeded',
    ],
    ['because it was aborted', { signal: AbortSignal.abort() }, 'aborted'],
    ['in the self-test of --strict', { strict: true, target: { fault: () => 'full' as const } }, 'backend_failed'],
  ])('%s leaves nothing open', async (_, options, code) => {
    const { backend, loaded } = await loading(options);
    await expect(loaded).rejects.toMatchObject({ code });
    expect(backend.isClean).toBe(true);
  });

  it('because nobody can be told of its progress leaves nothing open', async () => {
    const { backend, loaded } = await loading({
      onProgress: ({ type }) => {
        if (type === 'ready') throw new Error('nobody listens');
      },
    });
    await expect(loaded).rejects.toThrow('nobody listens');
    expect(backend.isClean).toBe(true);
  });
});

describe('options', () => {
  it.each([
    ['contextSize', 7],
    ['contextSize', 1.5],
    ['contextSize', 'all'],
    ['parallel', 0],
    ['parallel', 257],
    ['parallel', Number.NaN],
    ['threads', 0],
    ['draftThreads', -1],
    ['gpuLayers', -1],
    ['gpuLayers', 'some'],
    ['draftGpuLayers', 0.5],
  ])('%s cannot be %s', async (parameter, value) => {
    const { backend, loaded } = await loading({ [parameter]: value });
    await expect(loaded).rejects.toMatchObject({ code: 'invalid_argument', details: { parameter } });
    expect(backend.isClean).toBe(true);
  });

  it('may be at their limits', async () => {
    await fakeEngine({ contextSize: 8, parallel: 1, threads: 512, gpuLayers: 'all', draftGpuLayers: 0 });
  });
});
