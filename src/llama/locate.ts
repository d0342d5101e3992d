import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve as resolvePath } from 'node:path';
import { OutriderError } from '../errors.js';
import { RELEASE } from './abi/v0.5.0/index.js';

/** The release of the npm packages that carry RELEASE. */
export const PACKAGE_VERSION = '3.22.1';
const SCOPE = '@node-llama-cpp/';
/** Names a folder with another build of the same release; wins over every package. */
export const DIRECTORY_VARIABLE = 'OUTRIDER_LLAMA_DIR';

/** A folder with the shared libraries of one build. */
export interface Location {
  /** Absolute; also holds the processor and GPU back ends that llama.cpp chooses from. */
  readonly directory: string;
  /** More back ends, loaded when those of `directory` find no GPU (CUDA's older toolkits). */
  readonly fallbackDirectory: string | undefined;
  /** The npm package, or `undefined` for a folder that the user named. */
  readonly package: string | undefined;
  /** Absolute paths. */
  readonly llama: string;
  readonly ggml: string;
  readonly ggmlBase: string;
}

/** One place that was looked at, in order of preference. */
export interface Candidate {
  /** A package name, or DIRECTORY_VARIABLE. */
  readonly source: string;
  readonly directory: string | undefined;
  readonly outcome: 'chosen' | 'not-needed' | 'not-installed' | 'wrong-release' | 'incomplete' | 'no-gpu';
  /** One line for people. */
  readonly note: string;
}

/** What was looked for, found and chosen, for `inspect`. */
export interface LibraryReport {
  readonly candidates: readonly Candidate[];
  readonly location: Location | undefined;
  /** Why there is no location. */
  readonly problem: OutriderError | undefined;
  /** The commands that would add a GPU on this platform; empty where there is nothing to add. */
  readonly gpuPackages: readonly string[];
}

export interface LocateOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  /** The main file of an installed package. Throws when it is not installed. */
  readonly resolve: (packageName: string) => string;
  /** The names of the GPUs that a build finds; may throw. Must not load the libraries into this process. */
  readonly listGpus: (location: Location) => Promise<readonly string[]>;
}

interface PlatformPackages {
  /** In order of preference. `extension` adds back ends to a package. */
  readonly gpu: readonly { readonly name: string; readonly extension?: string }[];
  readonly base: string;
}

/** Apple's package finds the GPU by itself; others have GPU packages beside the one for the processor. */
const PACKAGES: Readonly<Record<string, PlatformPackages>> = {
  'linux-x64': {
    gpu: [{ name: 'linux-x64-cuda', extension: 'linux-x64-cuda-ext' }, { name: 'linux-x64-vulkan' }],
    base: 'linux-x64',
  },
  'linux-arm64': { gpu: [], base: 'linux-arm64' },
  'darwin-arm64': { gpu: [], base: 'mac-arm64-metal' },
  'darwin-x64': { gpu: [], base: 'mac-x64' },
  'win32-x64': {
    gpu: [{ name: 'win-x64-cuda', extension: 'win-x64-cuda-ext' }, { name: 'win-x64-vulkan' }],
    base: 'win-x64',
  },
  'win32-arm64': { gpu: [], base: 'win-arm64' },
};

/** Where packages are resolved from by default: beside this package. */
export const resolvePackage: (packageName: string) => string = createRequire(import.meta.url).resolve;

/**
 * Finds the build of llama.cpp to use: the folder that OUTRIDER_LLAMA_DIR names, else the first GPU package that lists
 * a GPU, else the package for the processor. Never throws for what it finds; the report says what is wrong.
 */
export async function locateLibraries(options: LocateOptions): Promise<LibraryReport> {
  const named = options.env[DIRECTORY_VARIABLE];
  if (named !== undefined && named !== '') return reportFolder(resolvePath(named));

  const packages = PACKAGES[`${options.platform}-${options.arch}`];
  if (packages === undefined) return unsupported(options);

  const candidates: Candidate[] = [];
  const installable = packages.gpu.map(({ name, extension }) => installCommand(name, extension));
  let location: Location | undefined;
  for (const { name, extension } of packages.gpu) {
    const found = await inPackage(SCOPE + name, extension && SCOPE + extension, options);
    if (found.location && !location) {
      const gpus = await options.listGpus(found.location).catch((error: Error) => error);
      if (gpus instanceof Error) candidates.push(candidate(found, 'no-gpu', `does not load: ${gpus.message}`));
      else if (gpus.length === 0) candidates.push(candidate(found, 'no-gpu', 'loads, but finds no GPU'));
      else {
        location = found.location;
        candidates.push(candidate(found, 'chosen', `finds ${gpus.join(', ')}`));
      }
    } else candidates.push(found.location ? candidate(found, 'not-needed', 'installed') : found);
  }
  const base = await inPackage(SCOPE + packages.base, undefined, options);
  if (base.location) {
    candidates.push(location ? candidate(base, 'not-needed', 'installed') : candidate(base, 'chosen', 'installed'));
    location ??= base.location;
  } else candidates.push(base);

  return {
    candidates,
    location,
    problem: location ? undefined : problemOf(candidates, packages.base),
    gpuPackages: installable,
  };
}

type Found = Candidate & { readonly location?: Location };

function candidate(found: Found, outcome: Candidate['outcome'], note: string): Candidate {
  return { source: found.source, directory: found.directory, outcome, note };
}

async function reportFolder(directory: string): Promise<LibraryReport> {
  const found = await inDirectory(DIRECTORY_VARIABLE, directory, undefined);
  return {
    candidates: [found.location ? candidate(found, 'chosen', 'named by the user') : found],
    location: found.location,
    problem: found.location
      ? undefined
      : new OutriderError(
          found.outcome === 'wrong-release' ? 'abi_mismatch' : 'library_not_found',
          `${DIRECTORY_VARIABLE}=${directory}: ${found.note}; name a folder with a build of llama.cpp ${RELEASE} or unset it`,
          { directory },
        ),
    gpuPackages: [],
  };
}

function unsupported({ platform, arch }: LocateOptions): LibraryReport {
  const message = `no prebuilt llama.cpp for ${platform} ${arch}: build ${RELEASE} as shared libraries and name the folder in ${DIRECTORY_VARIABLE}`;
  return {
    candidates: [],
    location: undefined,
    problem: new OutriderError('library_not_found', message, { platform, arch }),
    gpuPackages: [],
  };
}

function problemOf(candidates: readonly Candidate[], base: string): OutriderError {
  const wrong = candidates.find(({ outcome }) => outcome === 'wrong-release');
  const seen = candidates.map(({ source, note }) => `${source} ${note}`).join('; ');
  return new OutriderError(
    wrong ? 'abi_mismatch' : 'library_not_found',
    `no usable llama.cpp ${RELEASE} (${seen}); run: ${installCommand(base)}`,
    { candidates },
  );
}

function installCommand(...names: (string | undefined)[]): string {
  const packages = names.filter((name) => name !== undefined).map((name) => `${SCOPE}${name}@${PACKAGE_VERSION}`);
  return `npm install ${packages.join(' ')}`;
}

async function inPackage(source: string, extension: string | undefined, options: LocateOptions): Promise<Found> {
  const directory = binaries(source, options.resolve);
  if (directory === undefined) {
    return { source, directory: undefined, outcome: 'not-installed', note: 'is not installed' };
  }
  const found = await inDirectory(source, directory, source);
  const extensionDirectory = extension && binaries(extension, options.resolve);
  if (!found.location || !extensionDirectory) return found;
  return { ...found, location: { ...found.location, fallbackDirectory: join(extensionDirectory, 'fallback') } };
}

/** Packages keep their libraries in `bins/<name>`, two levels beside their main file `dist/index.js`. */
function binaries(packageName: string, resolve: LocateOptions['resolve']): string | undefined {
  try {
    return join(dirname(dirname(resolve(packageName))), 'bins', packageName.slice(SCOPE.length));
  } catch {
    return undefined;
  }
}

async function inDirectory(source: string, directory: string, packageName: string | undefined): Promise<Found> {
  const wrong = (outcome: Candidate['outcome'], note: string): Found => ({ source, directory, outcome, note });
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    return wrong('incomplete', `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const release = await packagedRelease(directory);
  if (release !== undefined && release !== RELEASE) {
    return wrong('wrong-release', `holds llama.cpp ${release}, not ${RELEASE}`);
  }
  const [llama, ggml, ggmlBase] = ['llama', 'ggml', 'ggml-base'].map((stem) => pickLibrary(names, stem));
  if (!llama || !ggml || !ggmlBase) {
    const other = names.map((name) => libraryName(name, 'llama')).find((match) => match?.release);
    return other
      ? wrong('wrong-release', `holds llama.cpp ${other.release}, not ${RELEASE}`)
      : wrong('incomplete', 'lacks the shared libraries llama, ggml and ggml-base');
  }
  const location: Location = {
    directory,
    fallbackDirectory: undefined,
    package: packageName,
    llama: join(directory, llama),
    ggml: join(directory, ggml),
    ggmlBase: join(directory, ggmlBase),
  };
  return { source, directory, outcome: 'not-needed', note: 'installed', location };
}

/** The release that node-llama-cpp's build noted beside the libraries; `undefined` in other folders. */
async function packagedRelease(directory: string): Promise<string | undefined> {
  try {
    const metadata = JSON.parse(await readFile(join(directory, '_nlcBuildMetadata.json'), 'utf8'));
    return String(metadata?.buildOptions?.llamaCpp?.release);
  } catch {
    return undefined;
  }
}

/** `libllama.cuda.v0.5.0.so`, `libllama.v0.5.0.so`, `libllama.so`, `llama.dll`, `libllama.dylib`, ... */
function libraryName(name: string, stem: string): { release: string | undefined } | undefined {
  const match = new RegExp(`^(?:lib)?${stem}(?:\\.[a-z]+)?(?:\\.(v\\d+\\.\\d+\\.\\d+))?\\.(?:so|dylib|dll)$`).exec(
    name,
  );
  return match ? { release: match[1] } : undefined;
}

/** The file that names our release, else the one that names none. */
function pickLibrary(names: readonly string[], stem: string): string | undefined {
  return (
    names.find((name) => libraryName(name, stem)?.release === RELEASE) ??
    names.find((name) => {
      const match = libraryName(name, stem);
      return match !== undefined && match.release === undefined;
    })
  );
}
