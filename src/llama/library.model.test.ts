import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkAbi, EXPECTED_ABI } from './abi-check.js';
import { openBackend } from './index.js';
import { type Library, openLibrary } from './library.js';
import { probeGpus } from './probe.js';
import { openTestLibrary } from './testing/library.js';
import { runChild, TYPESCRIPT_ARGUMENTS } from './testing/run-child.js';

let library: Library;
let folder: string;
beforeAll(async () => {
  library = await openTestLibrary();
  folder = await mkdtemp(join(tmpdir(), 'outrider-library-'));
});
afterAll(async () => {
  library.close();
  await rm(folder, { recursive: true });
});

describe('the binary interface', () => {
  const check = (change: Partial<typeof EXPECTED_ABI>) => () =>
    checkAbi(library.functions, '/some/folder', { ...EXPECTED_ABI, ...change });
  const withDefault = (name: keyof typeof EXPECTED_ABI.defaults, field: string, value: unknown) => ({
    defaults: { ...EXPECTED_ABI.defaults, [name]: { ...EXPECTED_ABI.defaults[name], [field]: value } },
  });

  test('is that of the release', () => {
    expect(check({})).not.toThrow();
  });

  test.each([
    ['a version', { version: '0.6.0' }, /llama_version\(\) should be 0\.6\.0 and is 0\.5\.0/],
    ['a longer version', { version: '0.5' }, /llama_version/],
    [
      'a field of the model',
      withDefault('llama_model_default_params', 'use_extra_bufts', false),
      /llama_model_default_params\(\)\.use_extra_bufts should be false and is true/,
    ],
    [
      'a field of the context',
      withDefault('llama_context_default_params', 'n_outputs_max_per_seq', 0),
      /n_outputs_max_per_seq/,
    ],
    ['a field of the sampler chain', withDefault('llama_sampler_chain_default_params', 'no_perf', false), /no_perf/],
    ['a field of quantisation', withDefault('llama_model_quantize_default_params', 'max_buf_size', 0), /max_buf_size/],
    ['a field that is not there', withDefault('llama_model_default_params', 'brand_new', 0), /brand_new/],
  ])('%s that differs is named', (_, change, message) => {
    expect(check(change)).toThrow(message);
    try {
      check(change)();
    } catch (error) {
      expect(error).toMatchObject({ code: 'abi_mismatch', message: expect.stringContaining('/some/folder') });
    }
  });
});

describe('opening', () => {
  test('twice shares the libraries; the second still works when the first is closed', async () => {
    const again = openLibrary(library.location);
    expect(again.functions).toBe(library.functions);
    again.close();
    again.close();
    expect(library.functions.llama_version()).toMatch(/^0\.5\.0/);
    const backend = await openBackend();
    expect(backend.devices.map(({ kind }) => kind)).toContain('cpu');
    backend.close();
    backend.close();
    expect(() => backend.devices).toThrow(/closed/);
    await expect(backend.loadModel('models/draft-q8_0.gguf', { placement: { on: 'cpu' } })).rejects.toMatchObject({
      code: 'closed',
    });
  });

  test('another build in the same process is refused', () => {
    expect(() => openLibrary({ ...library.location, directory: '/elsewhere' })).toThrow(/one build a process/);
  });

  test('a folder with plain names works, without a word on the screen', async () => {
    const own = await mkdtemp(join(folder, 'plain-'));
    for (const name of await readdir(library.location.directory)) {
      await symlink(join(library.location.directory, name), join(own, name.replace('.v0.5.0', '')));
    }
    const child = await runChild('./print-backend.ts', [own]);
    expect(child).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(child.stdout)).toEqual({ directory: own });
  });

  test('a folder whose libraries are no libraries says so', async () => {
    const own = await mkdtemp(join(folder, 'broken-'));
    for (const name of ['libllama.so', 'libggml.so', 'libggml-base.so']) await writeFile(join(own, name), 'no library');
    const child = await runChild('./print-backend.ts', [own]);
    expect(JSON.parse(child.stdout)).toEqual({
      code: 'library_not_found',
      message: expect.stringContaining(`llama.cpp in ${own} cannot be loaded`),
    });
  });

  test('a folder that was refused does not stand in the way of a good one', async () => {
    const own = await mkdtemp(join(folder, 'broken-'));
    for (const name of ['libllama.so', 'libggml.so', 'libggml-base.so']) await writeFile(join(own, name), 'no library');
    const child = await runChild('./print-backend.ts', [own, '']);
    const [first, second] = child.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ code: 'library_not_found' });
    expect(second).toEqual({ directory: library.location.directory, package: library.location.package });
  });

  test('a folder without a back end for the processor says so', async () => {
    const own = await mkdtemp(join(folder, 'no-cpu-'));
    for (const name of await readdir(library.location.directory)) {
      if (!name.includes('cpu')) await symlink(join(library.location.directory, name), join(own, name));
    }
    const child = await runChild('./print-backend.ts', [own]);
    expect(JSON.parse(child.stdout)).toMatchObject({
      code: 'library_not_found',
      message: expect.stringContaining('no back end that runs on this processor'),
    });
  });
});

describe('the probe', () => {
  test('finds no GPU in a build for the processor', async () => {
    expect(await probeGpus(library.location, TYPESCRIPT_ARGUMENTS)).toEqual([]);
  });

  test('says what a build that does not load says', async () => {
    const broken = { ...library.location, llama: join(folder, 'missing.so') };
    await expect(probeGpus(broken, TYPESCRIPT_ARGUMENTS)).rejects.toThrow(/cannot be loaded/);
  });

  test('survives a child that ends without an answer', async () => {
    await expect(probeGpus(library.location, ['--no-such-option'])).rejects.toThrow(/exit code 9/);
  });
});

describe('the log', () => {
  test('is heard while somebody listens, and costs nothing otherwise', () => {
    const heard: string[] = [];
    const stop = library.log.listen((level, line) => heard.push(`${level}: ${line}`));
    expect(library.log.hasListeners).toBe(true);
    library.functions.llama_model_load_from_splits([], 0, library.functions.llama_model_default_params());
    stop();
    expect(heard).toEqual([expect.stringMatching(/^error: .*list of splits is empty/)]);
    library.functions.llama_model_load_from_splits([], 0, library.functions.llama_model_default_params());
    expect(heard).toHaveLength(1);
    expect(library.log.hasListeners).toBe(false);
  });

  test('followers hear what listeners cause to be heard', () => {
    const heard: string[] = [];
    const unfollow = library.log.follow((_, line) => heard.push(line));
    const fail = () =>
      library.functions.llama_model_load_from_splits([], 0, library.functions.llama_model_default_params());
    fail();
    expect(heard).toEqual([]);
    const stop = library.log.listen(() => {});
    fail();
    stop();
    expect(heard).toHaveLength(1);
    unfollow();
  });
});
