/** Each rule is shown modules that break it, one at a time, beside neighbours that do not. */
import { describe, expect, test } from 'vitest';
import { parseModule } from './module.js';
import { lockedAddresses, looseVersions, type Manifest, undeclaredPackages, unusedPackages } from './packages.js';
import {
  crossedDialects,
  forbiddenImports,
  forbiddenPackages,
  importCycles,
  longFiles,
  longFunctions,
  strayText,
} from './rules.js';

const parse = (files: Readonly<Record<string, string>>) =>
  Object.entries(files).map(([path, text]) => parseModule(path, text));

describe('parseModule', () => {
  test.each([
    ["import { a } from './b.js';", false],
    ["import './b.js';", false],
    ["import { type A } from './b.js';", false],
    ["import type { A } from './b.js';", true],
    ["export { a } from './b.js';", false],
    ["export type * from './b.js';", true],
    ["const b = await import('./b.js');", false],
    ["let b: import('./b.js').B;", true],
    ["const require = createRequire(import.meta.url); const b = require('./b.js');", false],
    ["const require = createRequire(import.meta.url); const b = require.resolve('./b.js');", false],
    ["new Worker(new URL('./b.js', import.meta.url));", false],
  ])('finds the import in %s', (text, typeOnly) => {
    expect(parseModule('src/text/a.ts', text).imports).toEqual([{ target: 'src/text/b.ts', typeOnly, line: 1 }]);
  });

  test('does not take comments, strings, other URLs and other functions for imports', () => {
    const text = `// import './b.js'\nconst a = "import './b.js'";\nnew URL('./b.json', import.meta.url); require('b');`;
    expect(parseModule('src/text/a.ts', text).imports).toEqual([]);
  });
});

describe('forbiddenImports', () => {
  const verdict = (path: string, text: string) => forbiddenImports(parse({ [path]: text }));

  test.each([
    ['src/speculative/a.ts', "import type { Backend } from '../engine/backend.js';"],
    ['src/speculative/length/a.ts', "import { OutriderError } from '../../errors.js';"],
    ['src/text/a.ts', "import { draw } from '../speculative/index.js';"],
    ['src/text/a.ts', "new Worker(new URL('../engine/worker.js', import.meta.url));"],
    ['src/sampling/a.ts', "import { draw } from '../speculative/index.js';"],
    ['src/models/a.ts', "import type { Engine } from '../engine/engine.js';"],
    ['src/engine/a.ts', "import { loadBackend } from '../llama/index.js';"],
    ['src/llama/a.ts', "import { Engine } from '../engine/engine.js';"],
    ['src/llama/a.ts', "import type { PairReport } from '../models/pair.js';"],
    ['src/bench/a.ts', "import type { Library } from '../llama/library.js';"],
    ['src/cli/a.ts', "import '../web/page.js';"],
    ['src/errors.ts', "import './engine/engine.js';"],
    ['src/novelty/a.ts', "import { OutriderError } from '../errors.js';"],
    ['src/engine/a.ts', "import { Fake } from './testing/fake.js';"],
  ])('%s may not say %s', (path, text) => expect(verdict(path, text)).toHaveLength(1));

  test.each([
    ['src/speculative/length/a.ts', "import { draw } from '../distribution.js';"],
    ['src/sampling/a.ts', "import type { Row } from '../speculative/index.js';"],
    ['src/models/a.ts', "import { SPECIAL_ROLES } from '../engine/backend.js';"],
    ['src/engine/a.ts', "import { generate } from '../speculative/index.js';"],
    ['src/llama/a.ts', "import { splitName } from '../models/split-name.js';"],
    ['src/cli/a.ts', "import { loadBackend } from '../llama/index.js';"],
    ['src/engine/a.model.test.ts', "import { loadBackend } from '../llama/index.js';"],
    ['src/engine/testing/fake.ts', "import { loadBackend } from '../llama/index.js';"],
  ])('%s may say %s', (path, text) => expect(verdict(path, text)).toEqual([]));
});

describe('crossedDialects', () => {
  const verdict = (path: string, text: string) => crossedDialects(parse({ [path]: text }));

  test('finds a dialect that imports another', () => {
    expect(verdict('src/server/openai/a.ts', "import type { B } from '../kobold/b.js';")).toHaveLength(1);
  });

  test.each([
    ['src/server/openai/a.ts', "import { b } from './b.js';"],
    ['src/server/openai/a.ts', "import { b } from '../b.js';"],
    ['src/server/dialects.ts', "import { b } from './kobold/b.js';"],
    ['src/server/openai/a.test.ts', "import { b } from '../kobold/b.js';"],
  ])('lets %s say %s', (path, text) => expect(verdict(path, text)).toEqual([]));
});

test('forbiddenPackages', () => {
  const files = {
    'src/llama/library.ts': "import koffi from 'koffi';",
    'src/text/template.ts': "import { Template } from '@huggingface/jinja';",
    'src/speculative/verify.test.ts': "import { test } from 'vitest';",
  };
  expect(forbiddenPackages(parse(files))).toEqual([]);
  expect(forbiddenPackages(parse({ ...files, 'src/cli/run.ts': "import koffi from 'koffi';" }))).toHaveLength(1);
  expect(forbiddenPackages(parse({ ...files, 'test/e2e/a.ts': "await import('koffi');" }))).toHaveLength(1);
  expect(forbiddenPackages(parse({ ...files, 'src/speculative/a.ts': "import 'node:fs';" }))).toHaveLength(1);
});

test('importCycles', () => {
  const files = {
    'src/text/a.ts': "import './b.js'; import './c.js';",
    'src/text/b.ts': "import './c.js'; import type { A } from './a.js';",
    'src/text/c.ts': '',
  };
  expect(importCycles(parse(files))).toEqual([]);
  expect(importCycles(parse({ ...files, 'src/text/c.ts': "import { a } from './a.js';" }))).toContain(
    'src/text/a.ts -> src/text/b.ts -> src/text/c.ts -> src/text/a.ts',
  );
});

test('longFiles', () => {
  expect(longFiles(parse({ 'src/a.ts': '\n'.repeat(350) }))).toEqual([]);
  expect(longFiles(parse({ 'src/a.ts': '\n'.repeat(351) }))).toHaveLength(1);
});

test('longFunctions', () => {
  const body = (lines: number) => `{${'\n'.repeat(lines - 1)}}`;
  expect(longFunctions(parse({ 'src/a.ts': `function f() ${body(70)}` }))).toEqual([]);
  for (const head of ['function f()', 'const f = () =>', 'class C { f() ', 'class C { get f() ']) {
    const text = `${head} ${body(71)}${head.startsWith('class') ? ' }' : ''}`;
    expect(longFunctions(parse({ 'src/a.ts': text }))).toEqual(['src/a.ts:1 f has 71 lines, and 70 are allowed']);
  }
  expect(longFunctions(parse({ 'src/a.test.ts': `test('f', () => ${body(200)});` }))).toEqual([]);
});

test('strayText', () => {
  const innocent = "join(homedir(), 'work/x'); '../home/a'; 'https://a.example/home/b'; todo('/Users')";
  expect(strayText(parse({ 'src/a.ts': innocent }))).toEqual([]);
  for (const text of ['// TO\u0044O: more', '// FIX\u004dE', "'/\u0068ome/me/model.gguf'", "'C:\\Users\\me'"]) {
    expect(strayText(parse({ 'src/a.ts': `\n${text}` }))).toHaveLength(1);
  }
});

describe('packages', () => {
  const manifest: Manifest = {
    scripts: { check: 'biome check .' },
    dependencies: { koffi: '3.3.4' },
    optionalDependencies: { '@node-llama-cpp/linux-x64': '3.22.1' },
    devDependencies: { '@biomejs/biome': '2.6.8', vitest: '4.1.12', '@types/node': '20.19.43' },
  };
  const modules = parse({
    'src/llama/library.ts': "import koffi from 'koffi'; const SCOPE = '@node-llama-cpp/'; const base = 'linux-x64';",
    'src/llama/library.test.ts': "import { test } from 'vitest'; import 'node:fs';",
  });
  const programs = (name: string) => (name === '@biomejs/biome' ? ['biome'] : []);

  test('looseVersions', () => {
    expect(looseVersions(manifest)).toEqual([]);
    for (const version of ['^3.3.4', '~3.3.4', '3.3', '*', 'latest', '>=3']) {
      expect(looseVersions({ ...manifest, dependencies: { koffi: version } })).toHaveLength(1);
    }
  });

  test('undeclaredPackages', () => {
    expect(undeclaredPackages(modules, manifest)).toEqual([]);
    const shipped = parse({ 'src/cli/a.ts': "import 'vitest';", 'src/cli/b.ts': "import '@scope/x/y';" });
    expect(undeclaredPackages(shipped, manifest)).toEqual([
      'src/cli/a.ts imports vitest, which package.json does not list for it',
      'src/cli/b.ts imports @scope/x, which package.json does not list for it',
    ]);
  });

  test('unusedPackages', () => {
    expect(unusedPackages(modules, manifest, programs)).toEqual([]);
    const more = {
      ...manifest,
      dependencies: { ...manifest.dependencies, left: '1.0.0' },
      optionalDependencies: { ...manifest.optionalDependencies, '@node-llama-cpp/linux-mips': '3.22.1' },
      devDependencies: { ...manifest.devDependencies, right: '1.0.0' },
    };
    expect(unusedPackages(modules, more, programs)).toEqual([
      'left is in package.json and used nowhere',
      '@node-llama-cpp/linux-mips is in package.json and used nowhere',
      'right is in package.json and used nowhere',
    ]);
  });

  test('lockedAddresses', () => {
    expect(lockedAddresses({ packages: { 'node_modules/a': {} } })).toEqual([]);
    const resolved = 'https://registry.example/a.tgz';
    expect(lockedAddresses({ packages: { 'node_modules/a': { resolved } } })).toHaveLength(1);
  });
});
