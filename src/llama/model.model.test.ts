import { copyFile, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ContextOptions } from '../engine/backend.js';
import { type LlamaBackend, openBackend } from './index.js';
import { append } from './testing/generate.js';

const CPU = { placement: { on: 'cpu' } } as const;
const SMALL: ContextOptions = {
  tokensPerSequence: 256,
  sequences: 1,
  batch: 32,
  outputs: 1,
  microBatch: 32,
  threads: 1,
};

let backend: LlamaBackend;
let folder: string;
beforeAll(async () => {
  backend = await openBackend();
  folder = await mkdtemp(join(tmpdir(), 'outrider-model-'));
});
afterAll(async () => {
  backend.close();
  await rm(folder, { recursive: true });
});

async function logitsOf(path: string): Promise<Float32Array> {
  const model = await backend.loadModel(path, CPU);
  const context = await model.createContext(SMALL);
  const logits = await append(
    context,
    0,
    0,
    model.vocabulary.tokenize('One day', { addSpecial: true, parseSpecial: false }),
  );
  model.close();
  return logits;
}

describe('a loaded model', () => {
  test('tells what it is', async () => {
    const model = await backend.loadModel('models/main-q8_0.gguf', CPU);
    expect(model).toMatchObject({
      path: 'models/main-q8_0.gguf',
      description: expect.stringContaining('Q8_0'),
      architecture: 'llama',
      layerCount: 8,
      trainedContext: 2048,
      canTrim: true,
    });
    expect(model.parameterCount).toBeGreaterThan(14e6);
    expect(model.sizeBytes).toBeGreaterThan(14e6);
    expect(model.metadata.get('general.architecture')).toBe('llama');
    expect(model.chatTemplate).toContain('<|assistant|>');
    model.close();
  });

  test('applies templates that llama.cpp knows, and says when it knows none', async () => {
    const model = await backend.loadModel('models/draft-q8_0.gguf', CPU);
    const messages = [{ role: 'user', content: 'Grüße\0' }];
    expect(model.applyBuiltinTemplate('chatml', messages)).toBe(
      '<|im_start|>user\nGrüße<|im_end|>\n<|im_start|>assistant\n',
    );
    const long = [{ role: 'user', content: 'x'.repeat(100_000) }];
    expect(model.applyBuiltinTemplate('chatml', long)).toContain('x'.repeat(100_000));
    expect(model.applyBuiltinTemplate('no such template', messages)).toBeUndefined();
    model.close();
    expect(() => model.applyBuiltinTemplate('chatml', messages)).toThrow(/closed/);
  });
});

describe('loading', () => {
  test('tells progress that grows to 1', async () => {
    const heard: number[] = [];
    const model = await backend.loadModel('models/main-q8_0.gguf', { ...CPU, onProgress: (f) => heard.push(f) });
    model.close();
    expect(heard.at(-1)).toBe(1);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    expect(heard.length).toBeLessThanOrEqual(101);
  });

  test('ends when it is aborted, at any moment', async () => {
    const before = AbortSignal.abort();
    await expect(backend.loadModel('models/main-q8_0.gguf', { ...CPU, signal: before })).rejects.toMatchObject({
      code: 'aborted',
    });
    const controller = new AbortController();
    const loading = backend.loadModel('models/main-q8_0.gguf', {
      ...CPU,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(loading).rejects.toMatchObject({ code: 'aborted' });
    expect(await logitsOf('models/draft-q8_0.gguf')).toHaveLength(4096);
  });

  test('ends with the error of a progress listener that throws', async () => {
    const onProgress = () => {
      throw new RangeError('the listener is broken');
    };
    await expect(backend.loadModel('models/draft-q8_0.gguf', { ...CPU, onProgress })).rejects.toThrow(RangeError);
  });

  test('a backend closed meanwhile closes what comes', async () => {
    const other = await openBackend();
    const loading = other.loadModel('models/draft-q8_0.gguf', CPU);
    await new Promise((resolve) => setTimeout(resolve, 5));
    other.close();
    await expect(loading).rejects.toMatchObject({ code: 'closed' });
  });

  test('several at once do not mix their errors up', async () => {
    const bad = await backend.rewriteGguf('models/draft-q8_0.gguf', join(folder, 'bad.gguf'), {
      set: { 'general.architecture': { type: 'string', value: 'nonsense' } },
    });
    const [good, refused] = await Promise.allSettled([
      backend.loadModel('models/draft-q8_0.gguf', CPU),
      backend.loadModel(bad[0]!, CPU),
    ]);
    expect(good.status).toBe('fulfilled');
    expect(refused).toMatchObject({ reason: { message: expect.stringContaining('nonsense') } });
    if (good.status === 'fulfilled') good.value.close();
  });

  test('a GPU that is not there is refused with what to do', async () => {
    if (backend.devices.some(({ kind }) => kind === 'gpu' || kind === 'integrated-gpu')) return;
    await expect(
      backend.loadModel('models/draft-q8_0.gguf', { placement: { on: 'gpu', layers: 'all' } }),
    ).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(/no GPU was found/) });
  });

  test('any name will do: other scripts, spaces, quotes', async () => {
    const odd = join(folder, 'тест 目录　ü ~ \'"$(x)');
    await mkdir(odd);
    await copyFile('models/draft-q8_0.gguf', join(odd, 'модель.gguf'));
    await symlink(join(odd, 'модель.gguf'), join(odd, 'ü link'));
    const expected = await logitsOf('models/draft-q8_0.gguf');
    expect(await logitsOf(join(odd, 'модель.gguf'))).toEqual(expected);
    expect(await logitsOf(join(odd, 'ü link'))).toEqual(expected);
    const relativePath = relative(process.cwd(), join(odd, 'модель.gguf'));
    expect(await logitsOf(relativePath)).toEqual(expected);
  });
});

describe('split models', () => {
  const SOURCE = 'models/draft-q8_0.gguf';
  let parts: readonly string[];
  let own: string;
  beforeEach(async () => {
    own = await mkdtemp(join(folder, 'split-'));
    parts = await backend.rewriteGguf(SOURCE, join(own, 't.gguf'), { parts: 2 });
  });

  test('load from any part, also through links that have the right names', async () => {
    const expected = await logitsOf(SOURCE);
    expect(await logitsOf(parts[0]!)).toEqual(expected);
    expect(await logitsOf(parts[1]!)).toEqual(expected);
    const [blobs, snapshot] = [join(own, 'blobs'), join(own, 'snap')];
    await mkdir(blobs);
    await mkdir(snapshot);
    for (const [i, path] of parts.entries()) {
      await rename(path, join(blobs, `hash${i}`));
      await symlink(`../blobs/hash${i}`, join(snapshot, `t-0000${i + 1}-of-00002.gguf`));
    }
    expect(await logitsOf(join(snapshot, 't-00001-of-00002.gguf'))).toEqual(expected);
  });

  test('the estimate covers all parts', async () => {
    const whole = await backend.estimate(SOURCE, { on: 'cpu' }, SMALL);
    expect(await backend.estimate(parts[0]!, { on: 'cpu' }, SMALL)).toEqual(whole);
  });

  test.each([
    ['a missing part', () => rm(parts[1]!), /-00002-of-00002\.gguf.*no such file/],
    ['an empty part', () => writeFile(parts[1]!, ''), /-00002-of-00002\.gguf is empty/],
    ['the wrong part under a name', () => copyFile(parts[0]!, parts[1]!), /is not part 2 of 2/],
  ])('%s is named', async (_, damage, message) => {
    await damage();
    await expect(backend.loadModel(parts[0]!, CPU)).rejects.toMatchObject({
      code: expect.stringMatching(/^model_/),
      message: expect.stringMatching(message),
    });
  });

  test('parts that were renamed or joined say which names they need', async () => {
    const renamed = join(own, 'x.gguf');
    await copyFile(parts[0]!, renamed);
    const joined = join(own, 'joined.gguf');
    await writeFile(joined, Buffer.concat(await Promise.all(parts.map((path) => readFile(path)))));
    for (const path of [renamed, joined]) {
      await expect(backend.loadModel(path, CPU)).rejects.toMatchObject({
        code: 'model_invalid',
        message: expect.stringMatching(/part 1 of 2 .* NAME-00001-of-00002\.gguf/),
      });
    }
  });
});

describe('estimates', () => {
  test('need hardly any memory or time for a context that no machine has', async () => {
    const before = process.memoryUsage.rss();
    const { host, gpu } = await backend.estimate(
      'models/main-q8_0.gguf',
      { on: 'cpu' },
      { ...SMALL, tokensPerSequence: 16_000_000 },
    );
    expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
    // 8 layers x 2 KV heads x 64 x (K and V) x 2 bytes a cell.
    expect(host.cacheBytes).toBeGreaterThan(16e6 * 4096);
    expect(host.cacheBytes).toBeLessThan(16e6 * 4096 * 1.05);
    expect(gpu).toEqual({ weightsBytes: 0, cacheBytes: 0, computeBytes: 0 });
  });

  test('agree with what llama.cpp then allocates', async () => {
    const lines: string[] = [];
    const talking = await openBackend({ log: (_, line) => lines.push(line) });
    const options = { ...SMALL, tokensPerSequence: 4096, batch: 256, microBatch: 256, outputs: 8 };
    const { host } = await talking.estimate('models/main-q8_0.gguf', { on: 'cpu' }, options);
    const model = await talking.loadModel('models/main-q8_0.gguf', CPU);
    lines.length = 0;
    await model.createContext(options);
    const logged = (what: string) =>
      Number(new RegExp(`${what} += +([\\d.]+) MiB`).exec(lines.join('\n'))?.[1]) * 2 ** 20;
    expect(host.weightsBytes).toBe(model.sizeBytes);
    expect(host.cacheBytes / logged('KV buffer size')).toBeCloseTo(1, 1);
    expect(host.computeBytes - 8 * 4096 * 4).toBeCloseTo(logged('compute buffer size'), -5);
    talking.close();
  });
});

describe('memory', () => {
  test('loading and closing the pair again and again does not grow the process', async () => {
    const cycle = async () => {
      for (const path of ['models/main-q8_0.gguf', 'models/draft-q8_0.gguf']) {
        const model = await backend.loadModel(path, CPU);
        const context = await model.createContext(SMALL);
        await append(context, 0, 0, [1, 2, 3]);
        model.close();
        model.close();
      }
    };
    for (let i = 0; i < 10; i++) await cycle();
    const settled = process.memoryUsage.rss();
    for (let i = 0; i < 40; i++) await cycle();
    // A leak of the smaller model alone would be 40 MB.
    expect(process.memoryUsage.rss() - settled).toBeLessThan(30e6);
  });
});
