import type {
  Backend,
  BackendInfo,
  ContextOptions,
  Device,
  LoadOptions,
  MemoryEstimate,
  Placement,
} from '../engine/backend.js';
import { OutriderError } from '../errors.js';
import { type Pointer, VERSION } from './abi/v0.5.0/index.js';
import { estimateMemory } from './estimate.js';
import { type GgufArray, type GgufFile, readGguf, readGgufArray } from './gguf.js';
import { type GgufChanges, rewriteGguf } from './gguf-write.js';
import { type Library, openLibrary } from './library.js';
import { type LibraryReport, locateLibraries, resolvePackage } from './locate.js';
import type { LogSink } from './log.js';
import { LlamaModel } from './model.js';
import { checkModelParts } from './model-check.js';
import { loadOutline, loadWeights } from './model-load.js';
import { readModelParts } from './model-parts.js';
import { NativeChain, type NativeStep } from './native-chain.js';
import { probeGpus } from './probe.js';
import { type FileType, quantizeModel } from './quantize.js';

export interface BackendOptions {
  /** Where OUTRIDER_LLAMA_DIR is looked up. Default: process.env. */
  readonly env?: NodeJS.ProcessEnv;
  /** Hears llama.cpp's log while models are loaded and contexts made. Default: nobody. */
  readonly log?: LogSink;
  /** Hear the log all the time, passes included; they then never run in place. Default: false. */
  readonly verbose?: boolean;
  /** Passes predicted to be shorter than this run on the calling thread, in milliseconds. Default: 4. */
  readonly inPlaceMs?: number;
}

/** What is known of a model without its weights. */
export type ModelOutline = Omit<LlamaModel, 'createContext'>;

/** llama.cpp as the engine's backend, with what only llama.cpp offers. */
export interface LlamaBackend extends Backend {
  readonly report: LibraryReport;
  loadModel(path: string, options: LoadOptions): Promise<LlamaModel>;
  /**
   * A model without its weights, in the time that its vocabulary takes.
   * @throws OutriderError model_not_found, model_invalid
   */
  loadOutline(path: string): Promise<ModelOutline>;
  /** See readGguf. */
  readGguf(path: string): Promise<GgufFile>;
  /** See readGgufArray. */
  readGgufArray(path: string, key: string): Promise<GgufArray>;
  /** See rewriteGguf. */
  rewriteGguf(path: string, out: string, changes?: GgufChanges): Promise<readonly string[]>;
  /** See quantizeModel. */
  quantize(path: string, out: string, options: { fileType: FileType; threads: number }): Promise<void>;
  /** llama.cpp's own sampler chain; `model` is needed for the breakers of `dry`. */
  nativeChain(options: {
    readonly vocabularySize: number;
    readonly model?: LlamaModel;
    readonly steps: readonly NativeStep[];
  }): NativeChain;
}

const IN_PLACE_MS = 4;

/**
 * Finds and loads llama.cpp. Several openings in one process share the libraries.
 * @throws OutriderError library_not_found, abi_mismatch
 */
export async function openBackend(options: BackendOptions = {}): Promise<LlamaBackend> {
  const report = await inspectLibraries(options.env);
  if (!report.location) throw report.problem;
  return new OpenBackend(openLibrary(report.location), report, options);
}

/** What openBackend looks for, finds and chooses, without loading anything into this process. */
export function inspectLibraries(env: NodeJS.ProcessEnv = process.env): Promise<LibraryReport> {
  return locateLibraries({
    env,
    platform: process.platform,
    arch: process.arch,
    resolve: resolvePackage,
    listGpus: probeGpus,
  });
}

class OpenBackend implements LlamaBackend {
  readonly info: BackendInfo;
  readonly report: LibraryReport;
  readonly #library: Library;
  readonly #options: BackendOptions;
  readonly #models = new Set<LlamaModel>();
  readonly #stopListening: () => void;
  #closed = false;

  constructor(library: Library, report: LibraryReport, options: BackendOptions) {
    this.#library = library;
    this.#options = options;
    this.report = report;
    this.info = {
      version: VERSION,
      directory: library.location.directory,
      package: library.location.package,
      system: library.functions.llama_print_system_info(),
    };
    const { log, verbose } = options;
    this.#stopListening = log ? library.log[verbose ? 'listen' : 'follow'](log) : () => {};
  }

  get devices(): readonly Device[] {
    const { functions, devices } = this.#open();
    return devices.flatMap(({ handle, type }) => {
      if (type === 'meta') return [];
      const [free, total] = [new BigUint64Array(1), new BigUint64Array(1)];
      functions.ggml_backend_dev_memory(handle, free, total);
      return {
        name: functions.ggml_backend_dev_name(handle),
        description: functions.ggml_backend_dev_description(handle),
        kind: type,
        freeBytes: Number(free[0]),
        totalBytes: Number(total[0]),
      };
    });
  }

  async loadModel(path: string, options: LoadOptions): Promise<LlamaModel> {
    const library = this.#open();
    if (options.placement.on === 'gpu') this.#requireGpu();
    const files = await this.#checkedFiles(path);
    return this.#wrap(files, await loadWeights(library, files, options), options);
  }

  async loadOutline(path: string): Promise<ModelOutline> {
    const library = this.#open();
    const files = await this.#checkedFiles(path);
    return this.#wrap(files, await loadOutline(library, files), { placement: { on: 'cpu' } });
  }

  async readMetadata(path: string): Promise<ReadonlyMap<string, string>> {
    const { metadata } = await this.readGguf(path);
    return new Map([...metadata].flatMap(([key, value]) => (typeof value === 'object' ? [] : [[key, String(value)]])));
  }

  readGguf(path: string): Promise<GgufFile> {
    return readGguf(this.#open().functions, path);
  }

  readGgufArray(path: string, key: string): Promise<GgufArray> {
    return readGgufArray(this.#open().functions, path, key);
  }

  rewriteGguf(path: string, out: string, changes?: GgufChanges): Promise<readonly string[]> {
    return rewriteGguf(this.#open().functions, path, out, changes);
  }

  quantize(path: string, out: string, options: { fileType: FileType; threads: number }): Promise<void> {
    return quantizeModel(this.#open(), path, out, options);
  }

  nativeChain({ model, ...options }: Parameters<LlamaBackend['nativeChain']>[0]): NativeChain {
    const { functions } = this.#open();
    return new NativeChain({ functions, ...options, ...(model && { vocabulary: model.vocabulary.pointer }) });
  }

  async estimate(path: string, placement: Placement, context: ContextOptions): Promise<MemoryEstimate> {
    if (placement.on === 'gpu') this.#requireGpu();
    return estimateMemory(this.#open(), await this.#checkedFiles(path), placement, context);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const model of this.#models) model.close();
    this.#stopListening();
    this.#library.close();
  }

  #open(): Library {
    if (this.#closed) throw new OutriderError('closed', 'the backend is closed; open it again to use it');
    return this.#library;
  }

  #wrap(files: readonly GgufFile[], pointer: Pointer, options: LoadOptions): LlamaModel {
    const library = this.#library;
    const { inPlaceMs = IN_PLACE_MS } = this.#options;
    const model: LlamaModel = new LlamaModel({
      library,
      files,
      pointer,
      options,
      inPlaceMs,
      now: () => performance.now(),
      mayRunInPlace: () => !library.log.hasListeners,
      onClose: () => this.#models.delete(model),
    });
    this.#models.add(model);
    // The backend may have been closed while the model was loading.
    if (this.#closed) model.close();
    this.#open();
    return model;
  }

  async #checkedFiles(path: string): Promise<readonly GgufFile[]> {
    const { functions } = this.#open();
    const files = await readModelParts(functions, path);
    await checkModelParts(functions, files);
    return files;
  }

  #requireGpu(): void {
    if (this.#library.devices.some(({ type }) => type === 'gpu' || type === 'integrated-gpu')) return;
    const { gpuPackages } = this.report;
    const hint = gpuPackages.length > 0 ? `run one of: ${gpuPackages.join(' | ')}; or ` : '';
    throw new OutriderError('invalid_argument', `no GPU was found: ${hint}place the model on the processor`);
  }
}
