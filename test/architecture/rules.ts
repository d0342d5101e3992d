import type { Import, Module } from './module.js';

/** A file may import `target` (a folder of src, or one file of it) at all, or types only. */
type Arrows = Readonly<Record<string, 'all' | 'types'>>;

const MAX_FILE_LINES = 350;
const MAX_FUNCTION_LINES = 70;

/**
 * What each folder (or file) of src may import from the rest of src, its own files aside. Whoever adds a folder
 * states its arrows here. `engine/backend.ts` holds the interfaces that both sides of the native boundary share.
 */
const ARROWS: Readonly<Record<string, Arrows>> = {
  speculative: {},
  text: {},
  routing: {},
  'errors.ts': {},
  'given.ts': {},
  sampling: { speculative: 'types', 'errors.ts': 'all' },
  models: { speculative: 'types', 'engine/backend.ts': 'all', 'errors.ts': 'all' },
  engine: { speculative: 'all', sampling: 'all', text: 'all', routing: 'all', models: 'all', 'errors.ts': 'all' },
  llama: {
    speculative: 'types',
    engine: 'types',
    'engine/backend.ts': 'all',
    'models/split-name.ts': 'all',
    'errors.ts': 'all',
  },
  bench: { speculative: 'all', sampling: 'all', models: 'all', engine: 'all', 'errors.ts': 'all' },
  server: {
    speculative: 'types',
    sampling: 'all',
    text: 'all',
    routing: 'all',
    engine: 'all',
    'errors.ts': 'all',
    'given.ts': 'all',
  },
  web: {},
  cli: {
    speculative: 'all',
    sampling: 'all',
    text: 'all',
    routing: 'all',
    models: 'all',
    engine: 'all',
    llama: 'all',
    bench: 'all',
    server: 'all',
    'errors.ts': 'all',
    'given.ts': 'all',
  },
  'index.ts': {
    speculative: 'all',
    sampling: 'all',
    text: 'all',
    routing: 'all',
    models: 'all',
    engine: 'all',
    llama: 'all',
    server: 'all',
    // Starts it as a process.
    'cli/engine-process.ts': 'all',
    'errors.ts': 'all',
  },
};

/** Tests and their fakes: not compiled into `dist`, and free to join folders. */
export function isTest(path: string): boolean {
  return !path.startsWith('src/') || path.endsWith('.test.ts') || path.includes('/testing/');
}

/** Imports between folders of src that no arrow allows, and sources that import tests. */
export function forbiddenImports(modules: readonly Module[]): string[] {
  return everyImport(modules.filter(({ path }) => !isTest(path))).flatMap(([module, imported]) => {
    if (!imported.target.startsWith('src/')) return [];
    const place = `${module.path}:${imported.line}`;
    if (isTest(imported.target)) return [`${place} imports ${imported.target}, which is not part of the build`];
    const from = folderOf(module.path);
    const arrows = ARROWS[from];
    if (arrows === undefined) return [`${place}: no arrows are stated for src/${from}`];
    const to = folderOf(imported.target);
    const allowed = arrows[imported.target.slice('src/'.length)] ?? arrows[to];
    if (from === to || allowed === 'all' || (allowed === 'types' && imported.typeOnly)) return [];
    return [`${place}: src/${from} may import ${allowed === 'types' ? 'only types' : 'nothing'} of ${imported.target}`];
  });
}

/** Dialects of the server that know of each other: what they share stands beside their folders. */
export function crossedDialects(modules: readonly Module[]): string[] {
  const dialectOf = (path: string): string | undefined => /^src\/server\/([^/]+)\//.exec(path)?.[1];
  return everyImport(modules.filter(({ path }) => !isTest(path))).flatMap(([module, { target, line }]) => {
    const [from, to] = [dialectOf(module.path), dialectOf(target)];
    if (from === undefined || to === undefined || from === to) return [];
    return [`${module.path}:${line}: the dialect ${from} imports ${target}`];
  });
}

/** koffi stays in src/llama; the heart uses no package and nothing of Node. */
export function forbiddenPackages(modules: readonly Module[]): string[] {
  return everyImport(modules).flatMap(([module, imported]) => {
    if (isRepositoryPath(imported.target)) return [];
    const folder = module.path.startsWith('src/') ? folderOf(module.path) : undefined;
    const place = `${module.path}:${imported.line}`;
    if (packageOf(imported.target) === 'koffi' && folder !== 'llama') return [`${place}: only src/llama imports koffi`];
    if (folder !== 'speculative' || isTest(module.path)) return [];
    return [`${place}: src/speculative imports nothing from outside, and this is ${imported.target}`];
  });
}

/** Files that need one another to load. Types do not count: two interfaces may speak of each other. */
export function importCycles(modules: readonly Module[]): string[] {
  // `./view.js` may have been `view.tsx`.
  const byPath = new Map(modules.map((module) => [module.path.replace(/\.tsx$/, '.ts'), module]));
  const cycles: string[] = [];
  const finished = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' -> '));
    if (start >= 0 || finished.has(path)) return;
    for (const { target, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (!typeOnly && byPath.has(target)) walk(target, [...trail, path]);
    }
    finished.add(path);
  };
  for (const path of byPath.keys()) walk(path, []);
  return cycles;
}

export function longFiles(modules: readonly Module[]): string[] {
  return modules
    .filter(({ lineCount }) => lineCount > MAX_FILE_LINES)
    .map(({ path, lineCount }) => `${path} has ${lineCount} lines, and ${MAX_FILE_LINES} are allowed`);
}

/** Tests are lists of cases inside `describe`, so only what ships is measured. */
export function longFunctions(modules: readonly Module[]): string[] {
  return modules
    .filter(({ path }) => !isTest(path))
    .flatMap(({ path, functions }) =>
      functions
        .filter(({ lineCount }) => lineCount > MAX_FUNCTION_LINES)
        .map(
          ({ name, line, lineCount }) =>
            `${path}:${line} ${name} has ${lineCount} lines, and ${MAX_FUNCTION_LINES} are allowed`,
        ),
    );
}

/** Notes to oneself, and absolute paths that exist on some machines only. */
export function strayText(modules: readonly Module[]): string[] {
  // The brackets keep the pattern from finding itself.
  const stray = /\b(TO[D]O|FIX[M]E)\b|(?<![\w.])\/(home|root|Users|work|workspace|mnt|tmp|scratch)\/\w|[A-Z]:\\Users\\/;
  return modules.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const found = stray.exec(line);
      return found ? [`${path}:${index + 1} says ${found[0]}`] : [];
    }),
  );
}

/** The package of a bare specifier; `undefined` for Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/** Whether an import's target is a file of the repository: a module's path rather than a bare specifier. */
export function isRepositoryPath(target: string): boolean {
  return /^(src|test|tools|docs|bin|dist)\//.test(target);
}

function everyImport(modules: readonly Module[]): (readonly [Module, Import])[] {
  return modules.flatMap((module) => module.imports.map((imported) => [module, imported] as const));
}

/** `src/engine/load.ts` -> `engine`; `src/index.ts` -> `index.ts`. */
function folderOf(path: string): string {
  return path.split('/')[1] ?? path;
}
