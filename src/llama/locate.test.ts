import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DIRECTORY_VARIABLE, type LocateOptions, locateLibraries } from './locate.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'outrider-locate-'));
});
afterEach(() => rm(root, { recursive: true }));

const PLAIN = ['libllama.so', 'libggml.so', 'libggml-base.so'];
const VERSIONED = ['libllama.v0.5.0.so', 'libggml.v0.5.0.so', 'libggml-base.so'];
const CUDA = ['libllama.cuda.v0.5.0.so', 'libggml.cuda.v0.5.0.so', 'libggml-base.so', 'libggml-cuda.so'];

async function folder(name: string, files: readonly string[], release?: string): Promise<string> {
  const path = join(root, name);
  await mkdir(path, { recursive: true });
  for (const file of files) await writeFile(join(path, file), '');
  if (release) {
    const metadata = { buildOptions: { llamaCpp: { release } } };
    await writeFile(join(path, '_nlcBuildMetadata.json'), JSON.stringify(metadata));
  }
  return path;
}

/** Makes a package as npm lays it out. */
const installed = (name: string, files: readonly string[], release = 'v0.5.0') =>
  folder(join('node_modules', '@node-llama-cpp', name, 'bins', name), files, release);

function locate(change: Partial<LocateOptions> = {}) {
  return locateLibraries({
    env: {},
    platform: 'linux',
    arch: 'x64',
    resolve: (name) => {
      const main = join(root, 'node_modules', name, 'dist', 'index.js');
      if (!names.has(name)) throw new Error(`Cannot find module '${name}'`);
      return main;
    },
    listGpus: async () => [],
    ...change,
  });
}

let names: Set<string>;
beforeEach(() => {
  names = new Set();
});
async function install(name: string, files: readonly string[], release?: string): Promise<string> {
  names.add(`@node-llama-cpp/${name}`);
  return installed(name, files, release);
}

describe('packages', () => {
  test('the one for the processor', async () => {
    const directory = await install('linux-x64', VERSIONED);
    const { location, problem, candidates, gpuPackages } = await locate();
    expect(problem).toBeUndefined();
    expect(location).toEqual({
      directory,
      fallbackDirectory: undefined,
      package: '@node-llama-cpp/linux-x64',
      llama: join(directory, 'libllama.v0.5.0.so'),
      ggml: join(directory, 'libggml.v0.5.0.so'),
      ggmlBase: join(directory, 'libggml-base.so'),
    });
    expect(candidates.map(({ source, outcome }) => [source, outcome])).toEqual([
      ['@node-llama-cpp/linux-x64-cuda', 'not-installed'],
      ['@node-llama-cpp/linux-x64-vulkan', 'not-installed'],
      ['@node-llama-cpp/linux-x64', 'chosen'],
    ]);
    expect(gpuPackages[0]).toBe(
      'npm install @node-llama-cpp/linux-x64-cuda@3.22.1 @node-llama-cpp/linux-x64-cuda-ext@3.22.1',
    );
  });

  test('a GPU package wins when it finds a GPU, and brings its extension along', async () => {
    await install('linux-x64', VERSIONED);
    const cuda = await install('linux-x64-cuda', CUDA);
    const extension = await install('linux-x64-cuda-ext', []);
    const asked: string[] = [];
    const { location, candidates } = await locate({
      listGpus: async ({ directory }) => {
        asked.push(directory);
        return ['Some GPU'];
      },
    });
    expect(asked).toEqual([cuda]);
    expect(location).toMatchObject({
      directory: cuda,
      fallbackDirectory: join(extension, 'fallback'),
      llama: join(cuda, 'libllama.cuda.v0.5.0.so'),
    });
    expect(candidates.map(({ outcome }) => outcome)).toEqual(['chosen', 'not-installed', 'not-needed']);
    expect(candidates[0]?.note).toContain('Some GPU');
  });

  test.each([
    ['finds no GPU', async () => []],
    ['ends the process', () => Promise.reject(new Error('its driver ends the process (SIGSEGV)'))],
  ])('a GPU package that %s loses', async (note, listGpus) => {
    await install('linux-x64', VERSIONED);
    await install('linux-x64-vulkan', VERSIONED);
    const { location, candidates } = await locate({ listGpus });
    expect(location?.package).toBe('@node-llama-cpp/linux-x64');
    expect(candidates[1]).toMatchObject({ outcome: 'no-gpu', note: expect.stringContaining(note) });
  });

  test.each([
    ['linux', 'arm64', 'linux-arm64', VERSIONED],
    ['darwin', 'arm64', 'mac-arm64-metal', ['libllama.v0.5.0.dylib', 'libggml.v0.5.0.dylib', 'libggml-base.dylib']],
    ['darwin', 'x64', 'mac-x64', ['libllama.dylib', 'libggml.dylib', 'libggml-base.dylib']],
    ['win32', 'x64', 'win-x64', ['llama.dll', 'ggml.dll', 'ggml-base.dll']],
    ['win32', 'arm64', 'win-arm64', ['llama.v0.5.0.dll', 'ggml.v0.5.0.dll', 'ggml-base.dll']],
  ] as const)('%s %s uses %s', async (platform, arch, name, files) => {
    await install(name, files);
    const { location } = await locate({ platform, arch });
    expect(location?.package).toBe(`@node-llama-cpp/${name}`);
  });

  test('another release is refused by name, with what to install', async () => {
    await install('linux-x64', ['libllama.v0.4.0.so'], 'v0.4.0');
    expect((await locate()).problem).toMatchObject({
      code: 'abi_mismatch',
      message: expect.stringMatching(
        /holds llama\.cpp v0\.4\.0, not v0\.5\.0.*npm install @node-llama-cpp\/linux-x64@/,
      ),
    });
  });

  test('none at all', async () => {
    expect((await locate()).problem).toMatchObject({
      code: 'library_not_found',
      message: expect.stringMatching(/is not installed.*npm install/),
    });
  });

  test('a platform without packages', async () => {
    expect((await locate({ platform: 'freebsd' })).problem).toMatchObject({
      code: 'library_not_found',
      message: expect.stringMatching(/freebsd x64.*OUTRIDER_LLAMA_DIR/),
    });
  });
});

describe('a folder that the user names', () => {
  const named = (path: string) => locate({ env: { [DIRECTORY_VARIABLE]: path } });

  test('wins over packages, with plain names', async () => {
    await install('linux-x64', VERSIONED);
    const directory = await folder('own', [...PLAIN, 'libllama.so.0', 'libllama-common.so']);
    const { location, candidates } = await named(directory);
    expect(location).toMatchObject({ directory, package: undefined, llama: join(directory, 'libllama.so') });
    expect(candidates).toHaveLength(1);
  });

  test('names with our release win over plain ones', async () => {
    const directory = await folder('own', [...PLAIN, ...VERSIONED]);
    expect((await named(directory)).location?.llama).toBe(join(directory, 'libllama.v0.5.0.so'));
  });

  test('an empty value names nothing', async () => {
    await install('linux-x64', VERSIONED);
    expect((await named('')).location?.package).toBe('@node-llama-cpp/linux-x64');
  });

  test.each([
    ['that is missing', undefined, 'library_not_found', /ENOENT/],
    ['without libraries', ['readme.txt'], 'library_not_found', /lacks the shared libraries/],
    ['with half of them', ['libllama.so'], 'library_not_found', /lacks the shared libraries/],
    [
      'of another release',
      ['libllama.v0.6.1.so', 'libggml.so', 'libggml-base.so'],
      'abi_mismatch',
      /v0\.6\.1, not v0\.5\.0/,
    ],
  ])('%s is refused, not passed over', async (_, files, code, message) => {
    await install('linux-x64', VERSIONED);
    const directory = files ? await folder('own', files) : join(root, 'nowhere');
    const { location, problem } = await named(directory);
    expect(location).toBeUndefined();
    expect(problem).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(problem?.message).toContain(directory);
  });
});
