import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { OutriderError } from '../errors.js';
import { FakeService, says } from '../server/testing/fake-service.js';
import { runProgram } from './program.js';
import { type Stage, type StageOptions, stage } from './testing/surroundings.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-serve-'));
});
afterAll(() => rm(folder, { recursive: true }));

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(ended.splice(0).map((end) => end()));
});

interface Running extends Stage {
  readonly url: string;
  readonly code: Promise<number>;
}

/** Starts a server on a free port and waits until it says where. */
async function started(argv: readonly string[] = [], options: StageOptions = {}): Promise<Running> {
  const set = stage({ service: new FakeService(), ...options });
  const code = runProgram(['serve', '--port', '0', ...argv], set.surroundings);
  ended.push(() => {
    set.terminate();
    return code;
  });
  await expect.poll(() => set.stderr.text).toMatch(/ready: |outrider: /);
  const url = /ready: (\S+)/.exec(set.stderr.text)?.[1] ?? '';
  return Object.assign(set, { url, code });
}

async function refused(argv: readonly string[], options: StageOptions = {}) {
  const set = stage(options);
  const code = await runProgram(['serve', ...argv], set.surroundings);
  expect(set.stderr.text).toMatch(/^outrider: [^\n]+\n$/);
  expect(set.loaded).toEqual([]);
  return { code, message: set.stderr.text };
}

describe('outrider serve', () => {
  test('serves until it is told to stop, and closes the engine', async () => {
    const service = new FakeService();
    const { url, terminate, code } = await started([], { service });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    terminate();
    expect(await code).toBe(0);
    expect(service.closed).toBe(true);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  test('says what it does', async () => {
    const { stderr } = await started();
    expect(stderr.text).toMatch(/target: main .*\ndraft: draft .*\nspeculation: on, drafts by draft and lookup\n/);
    expect(stderr.text).toMatch(/context: 4096 tokens a request, one request at a time/);
    expect(stderr.text).toMatch(/access: programs and web pages on this machine, without a key/);
  });

  test('says what the caches hold where that is not f16', async () => {
    const { description } = new FakeService();
    const target = { ...description.target, cacheTypeK: 'q8_0', cacheTypeV: 'q8_0' } as const;
    const drafts = description.drafts.map((draft) => ({ ...draft, cacheTypeV: 'q4_0' as const }));
    const { stderr } = await started([], { service: new FakeService(undefined, { target, drafts }) });
    expect(stderr.text).toMatch(
      /target: main .* thread, cache in q8_0\ndraft: .* thread, cached keys in f16, values in q4_0\n/,
    );
  });

  test('says why it does not draft with a model', async () => {
    const service = new FakeService(undefined, { drafts: [], notes: ['a note'] });
    const { stderr } = await started([], { service });
    expect(stderr.text).toMatch(/speculation: lookup .* no draft model is loaded \(--model-draft\)/);
    expect(stderr.text).toContain('note: a note\n');
  });

  test('loads what the flags name', async () => {
    const { loaded } = await started([
      '-m',
      't.gguf',
      '-md',
      'd.gguf',
      '--parallel',
      '3',
      '--queue',
      '0',
      '--cache-ram',
      '8',
      '-c',
      '512',
      '--strict',
      '-ctk',
      'q8_0',
      '--cache-type-v-draft',
      'q4_0',
    ]);
    expect(loaded[0]).toMatchObject({
      target: 't.gguf',
      drafts: ['d.gguf'],
      parallel: 3,
      queue: 0,
      cacheRamBytes: 8 * 2 ** 20,
      contextSize: 512,
      strict: true,
      cacheTypeK: 'q8_0',
      draftCacheTypeV: 'q4_0',
    });
  });

  test('logs requests, and text only where that was asked for', async () => {
    for (const [flags, shown] of [
      [[], false],
      [['--log-text'], true],
    ] as const) {
      const { url, stderr } = await started(flags, { service: new FakeService(says(['secret answer'])) });
      await (await fetch(`${url}/v1/completions`, { method: 'POST', body: '{"prompt":"secret prompt"}' })).text();
      await expect.poll(() => stderr.text).toContain('"path":"/v1/completions","status":200');
      expect(stderr.text.includes('secret answer')).toBe(shown);
      expect(stderr.text.includes('secret prompt')).toBe(shown);
    }
  });

  test('a second signal ends what runs', async () => {
    const endless = says(Array(10_000).fill('x'), () => new Promise((resolve) => setTimeout(resolve, 5)));
    const service = new FakeService(endless);
    let time = 1000;
    const { url, terminate, code } = await started(['--stop-timeout', '600'], { service, now: () => time });
    const asked = fetch(`${url}/v1/completions`, { method: 'POST', body: '{"prompt":"a"}' });
    await expect.poll(() => service.running).toBe(1);
    terminate();
    // npm passes the same signal on.
    terminate();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(service.running).toBe(1);
    time += 2000;
    terminate();
    expect((await asked).status).toBe(503);
    expect(await code).toBe(0);
  });

  test('ends with one line where the models cannot be loaded, and gives the port back', async () => {
    const set = stage({ loadError: new OutriderError('model_not_found', 'no such model') });
    expect(await runProgram(['serve', '--port', '0'], set.surroundings)).toBe(2);
    expect(set.stderr.text).toBe('outrider: no such model\n');
  });

  test('does not load anything where the port is taken', async () => {
    const { url } = await started();
    const { code, message } = await refused(['--port', new URL(url).port]);
    expect(code).toBe(1);
    expect(message).toMatch(/something else listens there; .*--port/);
  });

  test.each([
    [['--port', '70000'], /--port: expected an integer from 0 to 65535, got '70000'/],
    [['--port', '-1'], /--port/],
    [['--port', 'abc'], /--port/],
    [['--parallel', '0'], /--parallel/],
    [['--stop-timeout', '-1'], /--stop-timeout/],
    [['--log-level', 'loud'], /--log-level: expected one of silent, error/],
    [['--mode', 'fast'], /--mode: expected one of speculative, main, draft, auto, got 'fast'/],
    [['--api-key', ''], /--api-key: expected a key/],
    [['--api-key-file', '/nowhere/keys'], /--api-key-file: cannot read/],
    [['--config', '/nowhere/config'], /--config: cannot read/],
    [['-ctk', 'q2_k'], /--cache-type-k: expected one of f32, f16, .* got 'q2_k'/],
    [['--nonsense'], /unknown option/],
  ])('%j is refused', async (argv, message) => {
    const outcome = await refused(argv);
    expect(outcome.code).toBe(2);
    expect(outcome.message).toMatch(message);
  });
});

test('a default mode that would refuse every request is refused', async () => {
  const service = new FakeService(undefined, { drafts: [] });
  const set = stage({ service });
  expect(await runProgram(['serve', '--port', '0', '--mode', 'draft'], set.surroundings)).toBe(2);
  expect(set.stderr.text).toMatch(/--mode: draft needs a draft model/);
  expect(service.closed).toBe(true);
});

describe('keys', () => {
  const statusWith = async (url: string, key: string) =>
    (await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;

  test('come from flags, file and environment, and are told to nobody', async () => {
    const file = join(folder, 'ключи ü');
    await writeFile(file, 'of-file\n\n  other-of-file \n');
    const { url, stderr } = await started(['--api-key', 'of-flag', '--api-key-file', file], {
      env: { OUTRIDER_API_KEY: 'of-environment' },
    });
    for (const key of ['of-flag', 'of-file', 'other-of-file', 'of-environment'])
      expect(await statusWith(url, key)).toBe(200);
    expect(await statusWith(url, 'wrong')).toBe(401);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(stderr.text).not.toContain('of-');
    expect(stderr.text).toContain('with a key');
  });

  test('a file without any is refused: the server would be open', async () => {
    const file = join(folder, 'empty');
    await writeFile(file, '\n');
    expect((await refused(['--api-key-file', file])).message).toMatch(/expected a key a line/);
  });
});

describe('outrider.config.json', () => {
  const configured = async (name: string, config: unknown) => {
    const place = join(folder, name);
    await mkdir(place);
    await writeFile(join(place, 'outrider.config.json'), typeof config === 'string' ? config : JSON.stringify(config));
    return place;
  };

  test('says what flags do not; paths are relative to it', async () => {
    const place = await configured('a', {
      model: 'm/t.gguf',
      modelDraft: [],
      parallel: 2,
      ctxSize: 100,
      port: 1,
      metrics: false,
    });
    const { loaded, url, stderr } = await started(['--parallel', '5'], { folder: place });
    expect(loaded[0]).toMatchObject({ target: join(place, 'm/t.gguf'), drafts: [], parallel: 5, contextSize: 100 });
    expect((await fetch(`${url}/metrics`)).status).toBe(501);
    expect(stderr.text).toContain(`configured by ${join(place, 'outrider.config.json')}`);
  });

  test('has the default mode and the rules of mode auto', async () => {
    const routes = [{ name: 'tiny', to: 'draft', when: { maxTokensAtMost: 8 } }];
    const service = new FakeService();
    const { loaded, url, stderr } = await started([], {
      folder: await configured('auto', { mode: 'auto', routes }),
      service,
    });
    expect(stderr.text).toContain('mode: auto, of requests that choose none');
    expect(loaded[0]).toMatchObject({ routes });
    const body = JSON.stringify({ prompt: 'Hi' });
    await fetch(`${url}/completion`, { method: 'POST', body });
    expect(service.request.mode).toBe('auto');
    await fetch(`${url}/api/v1/generate`, { method: 'POST', body });
    expect(service.request.mode).toBe('auto');
  });

  test('may be named', async () => {
    const place = await configured('b', { parallel: 2 });
    const { loaded } = await started(['--config', join(place, 'outrider.config.json')]);
    expect(loaded[0]).toMatchObject({ parallel: 2 });
  });

  test.each<[string, unknown, RegExp]>([
    ['c', '{', /expected JSON/],
    ['d', { prot: 1 }, /Unrecognized key: "prot"/],
    ['e', { port: '5001' }, /port: .*expected number/],
    ['f', { model: '~/t.gguf' }, /model: expected a path without ~/],
    ['g', [], /expected object/],
    ['h', { routes: [{ name: 'a', to: 'draft', when: { ask: '(' } }] }, /routes: rule 'a', ask: Invalid regular/],
  ])('%s: %j is refused', async (name, config, message) => {
    const outcome = await refused(['--port', '0'], { folder: await configured(name, config) });
    expect(outcome.message).toMatch(message);
    expect(outcome.message).toContain('outrider.config.json');
    expect(outcome.code).toBe(2);
  });
});
