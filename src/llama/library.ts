/**
 * The shared libraries in this process: loaded once, in the only order that works (kernels.md 1), and kept for the
 * life of the process, because ggml's back ends register themselves for good and leave threads behind.
 */
import koffi from 'koffi';
import { OutriderError } from '../errors.js';
import { type Functions, GGML, GGML_BACKEND_DEVICE_TYPE, GGML_BASE, LLAMA, type Pointer } from './abi/v0.5.0/index.js';
import { checkAbi } from './abi-check.js';
import type { Location } from './locate.js';
import { NativeLog } from './log.js';
import { findPoolProcedures, type PoolProcedures } from './thread-pools.js';

/** Room for llama.cpp's own frames and for structs by value; koffi's default for `.async` is 128 KiB. */
const STACK_BYTES = 8 * 1024 * 1024;

/** The libraries, ready for calls. Shared by everyone who opens the same folder in this process. */
export interface Library {
  readonly location: Location;
  readonly functions: Functions;
  readonly log: NativeLog;
  /** The devices that the back ends found, as handles. */
  readonly devices: readonly NativeDevice[];
  /** For threads that outlive a pass; see ThreadPools. */
  readonly poolProcedures: PoolProcedures | undefined;
  /** Runs `work` when all work given here before has ended: loads whose log lines must not mix. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Gives this opening back; the last one ends llama.cpp's global state. Idempotent. */
  close(): void;
}

export interface NativeDevice {
  readonly handle: Pointer;
  readonly type: (typeof GGML_BACKEND_DEVICE_TYPE)[number];
}

type Loaded = Omit<Library, 'close'>;

let loaded: Loaded | undefined;
let openings = 0;

/**
 * Loads the libraries, or shares them when they are loaded already.
 * @throws OutriderError library_not_found when they cannot be loaded or another build is loaded in this process;
 *   abi_mismatch when they are of another release
 */
export function openLibrary(location: Location): Library {
  if (loaded && loaded.location.directory !== location.directory) {
    throw new OutriderError(
      'library_not_found',
      `${location.directory} cannot be used: this process has loaded llama.cpp from ${loaded.location.directory}; use one build a process`,
      { directory: location.directory, loaded: loaded.location.directory },
    );
  }
  loaded ??= load(location);
  if (openings++ === 0) loaded.functions.llama_backend_init();
  return { ...loaded, close: closeOnce(loaded) };
}

function closeOnce({ functions }: Loaded): () => void {
  let open = true;
  return () => {
    if (!open) return;
    open = false;
    if (--openings === 0) functions.llama_backend_free();
  };
}

function load(location: Location): Loaded {
  reserveStacks();
  const functions = bindFunctions(location);
  checkAbi(functions, location.directory);

  const log = new NativeLog(functions);
  const refusals: string[] = [];
  const stopListening = log.listen((level, line) => {
    if (level === 'error' || level === 'warn') refusals.push(line);
  });
  functions.ggml_backend_load_all_from_path(location.directory);
  if (location.fallbackDirectory !== undefined && !listDevices(functions).some(({ type }) => type === 'gpu')) {
    functions.ggml_backend_load_all_from_path(location.fallbackDirectory);
  }
  stopListening();

  const devices = listDevices(functions);
  if (!devices.some(({ type }) => type === 'cpu')) {
    throw new OutriderError(
      'library_not_found',
      `${location.directory} has no back end that runs on this processor${refusals.length > 0 ? ` (${refusals.at(-1)})` : ''}; reinstall the package or use a build for this machine`,
      { directory: location.directory },
    );
  }
  const poolProcedures = findPoolProcedures(functions, devices);
  return { location, functions, log, devices, poolProcedures, exclusively: mutex() };
}

/** koffi fixes its stacks with the first library that anybody loads through it. */
function reserveStacks(): void {
  const { sync_stack_size = 0, async_stack_size = 0 } = koffi.config();
  if (sync_stack_size >= STACK_BYTES && async_stack_size >= STACK_BYTES) return;
  try {
    koffi.config({ sync_stack_size: STACK_BYTES, async_stack_size: STACK_BYTES });
  } catch {
    throw new OutriderError(
      'backend_failed',
      `this process used koffi with stacks too small for llama.cpp (${async_stack_size} bytes, ${STACK_BYTES} needed): open Outrider first, or set koffi.config's stack sizes`,
    );
  }
}

function bindFunctions(location: Location): Functions {
  const bind = (file: string, table: Record<string, string>) => {
    const library = koffi.load(file);
    return Object.entries(table).map(([name, prototype]) => [name, library.func(prototype)]);
  };
  try {
    // Dependencies first: the loader then finds them in memory, wherever it would look for their files.
    return Object.fromEntries([
      ...bind(location.ggmlBase, GGML_BASE),
      ...bind(location.ggml, GGML),
      ...bind(location.llama, LLAMA),
    ]);
  } catch (error) {
    const reason = (error as Error).message;
    throw new OutriderError(
      reason.startsWith('Cannot find function') ? 'abi_mismatch' : 'library_not_found',
      `llama.cpp in ${location.directory} cannot be loaded: ${reason}; reinstall the package or name another build`,
      { directory: location.directory },
    );
  }
}

function listDevices(functions: Functions): NativeDevice[] {
  return Array.from({ length: functions.ggml_backend_dev_count() }, (_, index) => {
    const handle = functions.ggml_backend_dev_get(index);
    return { handle, type: GGML_BACKEND_DEVICE_TYPE[functions.ggml_backend_dev_type(handle)] ?? 'meta' };
  });
}

function mutex(): Library['exclusively'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const run = last.then(work);
    last = run.catch(() => undefined);
    return run;
  };
}
