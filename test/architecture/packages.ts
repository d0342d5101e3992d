import type { Module } from './module.js';
import { isRepositoryPath, isTest, packageOf } from './rules.js';

/** What the rules look at in package.json. */
export interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** What the rules look at in package-lock.json. */
export interface LockFile {
  readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
}

/** An exact version each, so that the same checkout is the same program everywhere. */
export function looseVersions({ dependencies, optionalDependencies, devDependencies }: Manifest): string[] {
  return Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name} is ${version}, which is not an exact version`);
}

/** Imports that package.json does not promise: shipped files may use no development dependency, unless they are bundled with it. */
export function undeclaredPackages(modules: readonly Module[], manifest: Manifest): string[] {
  const shipped = { ...manifest.dependencies, ...manifest.optionalDependencies };
  const all = { ...shipped, ...manifest.devDependencies };
  return modules.flatMap(({ path, imports }) =>
    imports
      .filter(({ target }) => !isRepositoryPath(target))
      .map(({ target }) => packageOf(target))
      .filter(
        (name) =>
          name !== undefined && name !== 'outrider' && !(name in (isBundled(path) || isTest(path) ? all : shipped)),
      )
      .map((name) => `${path} imports ${name}, which package.json does not list for it`),
  );
}

/** Built with everything it needs: nobody installs what the page imports. */
function isBundled(path: string): boolean {
  return path.startsWith('src/web/');
}

/**
 * Packages that nobody would miss. The libraries' packages are found at run time by names put together from
 * `@node-llama-cpp/` and the platform's, so both have to appear in one file. A development dependency may also be
 * used by its program (`programs`: its names) or by its types of something else (`@types/...`).
 */
export function unusedPackages(
  modules: readonly Module[],
  manifest: Manifest,
  programs: (packageName: string) => readonly string[],
): string[] {
  const sources = modules.filter(({ path }) => !isTest(path));
  const imported = (among: readonly Module[], name: string) =>
    among.some(({ imports }) => imports.some(({ target }) => packageOf(target) === name));
  const named = (name: string) => {
    const [scope, platform] = name.split('/');
    return sources.some(({ text }) => text.includes(`'${scope}/'`) && text.includes(`'${platform}'`));
  };
  const run = (name: string) => {
    const texts = [...Object.values(manifest.scripts), ...modules.map(({ text }) => text)];
    return programs(name).some((program) => texts.some((text) => new RegExp(`\\b${program}\\b`).test(text)));
  };
  return [
    ...Object.keys(manifest.dependencies).filter((name) => !imported(sources, name)),
    ...Object.keys(manifest.optionalDependencies).filter((name) => !imported(sources, name) && !named(name)),
    ...Object.keys(manifest.devDependencies).filter(
      (name) => !imported(modules, name) && !name.startsWith('@types/') && !run(name),
    ),
  ].map((name) => `${name} is in package.json and used nowhere`);
}

/** Addresses in the lock file would tie every installation to the registry of whoever wrote it. */
export function lockedAddresses({ packages }: LockFile): string[] {
  return Object.entries(packages)
    .filter(([, { resolved }]) => resolved !== undefined)
    .map(([path, { resolved }]) => `${path} is locked to ${resolved}`);
}
