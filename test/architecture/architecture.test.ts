import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Module, parseModule } from './module.js';
import {
  type LockFile,
  lockedAddresses,
  looseVersions,
  type Manifest,
  undeclaredPackages,
  unusedPackages,
} from './packages.js';
import {
  crossedDialects,
  forbiddenImports,
  forbiddenPackages,
  importCycles,
  longFiles,
  longFunctions,
  strayText,
} from './rules.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(root + path, 'utf8');
const json = <T>(path: string): T => JSON.parse(read(path));

/** Every program text of the repository. */
const modules: readonly Module[] = ['src', 'test', 'tools', 'docs', 'bin', 'vite.config.ts', 'vitest.config.ts']
  .flatMap((place) => (place.endsWith('.ts') ? [place] : filesUnder(place)))
  .filter((path) => /\.([jt]s|tsx)$/.test(path))
  .map((path) => parseModule(path, read(path)));
const manifest = json<Manifest>('package.json');

function filesUnder(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map(
    (name) => `${folder}/${name.replaceAll('\\', '/')}`,
  );
}

/** The names of the programs that an installed package brings. */
function programs(packageName: string): string[] {
  const { bin } = json<{ bin?: string | Record<string, string> }>(`node_modules/${packageName}/package.json`);
  return typeof bin === 'string' ? [packageName] : Object.keys(bin ?? {});
}

describe('the repository', () => {
  test('is being looked at', () => {
    expect(modules.map(({ path }) => path)).toContain('src/speculative/generate.ts');
    expect(modules.flatMap(({ imports }) => imports).length).toBeGreaterThan(100);
  });
  test('imports along the arrows only', () => expect(forbiddenImports(modules)).toEqual([]));
  test('has dialects that know nothing of each other', () => expect(crossedDialects(modules)).toEqual([]));
  test('keeps packages in their folders', () => expect(forbiddenPackages(modules)).toEqual([]));
  test('has no import cycles', () => expect(importCycles(modules)).toEqual([]));
  test('has no long files', () => expect(longFiles(modules)).toEqual([]));
  test('has no long functions', () => expect(longFunctions(modules)).toEqual([]));
  test('has no notes to oneself and no paths of a machine', () => expect(strayText(modules)).toEqual([]));
  test('pins its dependencies', () => expect(looseVersions(manifest)).toEqual([]));
  test('declares what it imports', () => expect(undeclaredPackages(modules, manifest)).toEqual([]));
  test('uses what it declares', () => expect(unusedPackages(modules, manifest, programs)).toEqual([]));
  test('locks no registry', () => expect(lockedAddresses(json<LockFile>('package-lock.json'))).toEqual([]));
});
