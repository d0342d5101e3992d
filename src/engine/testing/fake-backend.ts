import { basename } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { OutriderError } from '../../errors.js';
import type {
  Backend,
  Context,
  ContextOptions,
  Device,
  LoadOptions,
  MemoryEstimate,
  MemoryParts,
  Model,
} from '../backend.js';
import { FakeContext, type FakeKernels } from './fake-context.js';
import { FakeLaw, type FakeLawOptions } from './fake-law.js';
import { ROUNDING } from './fake-rounding.js';
import { FakeVocabulary } from './fake-vocabulary.js';

export interface FakeModelOptions
  extends Partial<Omit<FakeLawOptions, 'vocabulary'>>,
    Partial<Omit<FakeKernels, 'law' | 'vocabularySize'>> {
  readonly path?: string;
  /** The normal tokens of the vocabulary. */
  readonly pieces?: readonly string[];
  readonly trainedContext?: number;
  readonly metadata?: ReadonlyMap<string, string>;
  readonly chatTemplate?: string;
  /** What loading fails with, if it does. */
  readonly loadFailure?: OutriderError;
}

/** A model whose weights are a seed. */
export class FakeModel implements Model {
  readonly path: string;
  readonly description = 'fake 1K';
  readonly architecture = 'fake';
  readonly sizeBytes = 1024;
  readonly parameterCount = 1000;
  readonly layerCount = 1;
  readonly trainedContext: number;
  readonly canTrim: boolean;
  readonly metadata: ReadonlyMap<string, string>;
  readonly vocabulary: FakeVocabulary;
  readonly chatTemplate: string | undefined;
  /** All contexts that were ever made. */
  readonly contexts: FakeContext[] = [];
  readonly #kernels: FakeKernels;
  #closed = false;

  constructor(options: FakeModelOptions = {}) {
    const {
      seed = 1,
      drift = 0,
      endBias = 0,
      certainty = 1,
      canTrim = true,
      canShift = true,
      canRestore = true,
    } = options;
    const vocabulary = new FakeVocabulary(options.pieces);
    const { rounding = ROUNDING.exact, roundingSize = 2 ** -20 } = options;
    const { elsewhere = () => undefined, fault = () => undefined } = options;
    const law = new FakeLaw({ vocabulary, seed, drift, endBias, certainty });
    this.path = options.path ?? 'fake.gguf';
    this.trainedContext = options.trainedContext ?? 2048;
    this.canTrim = canTrim;
    this.metadata = options.metadata ?? metadataOf(options);
    this.vocabulary = vocabulary;
    this.chatTemplate = options.chatTemplate ?? CHAT_TEMPLATE;
    const vocabularySize = vocabulary.size;
    this.#kernels = { law, vocabularySize, canTrim, canShift, canRestore, rounding, roundingSize, elsewhere, fault };
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The logits after these tokens, of a pass that rounds nothing. */
  logitsAfter(tokens: readonly number[]): Float32Array {
    const { law, vocabularySize } = this.#kernels;
    const row = new Float32Array(vocabularySize);
    law.write(
      tokens.reduce((state, token) => law.follow(state, token), 0),
      row,
    );
    return row;
  }

  applyBuiltinTemplate(): string | undefined {
    return undefined;
  }

  async createContext(options: ContextOptions): Promise<FakeContext> {
    if (this.#closed) throw new Error('fake model: createContext after close');
    const context = new FakeContext(options, this.#kernels);
    this.contexts.push(context);
    return context;
  }

  close(): void {
    for (const context of this.contexts) context.close();
    this.vocabulary.close();
    this.#closed = true;
  }
}

export interface FakeBackendOptions {
  readonly devices?: readonly Device[];
  readonly estimate?: MemoryEstimate;
}

/** A backend that knows models by the names of their files. */
export class FakeBackend implements Backend {
  readonly info = { version: 'fake', directory: 'fake', package: undefined, system: 'fake' };
  readonly devices: readonly Device[];
  /** All models that were ever loaded. */
  readonly models: FakeModel[] = [];
  readonly #files: Readonly<Record<string, FakeModelOptions>>;
  readonly #estimate: MemoryEstimate;
  #closed = false;

  /** @param files the models by file name, without folder */
  constructor(files: Readonly<Record<string, FakeModelOptions>>, options: FakeBackendOptions = {}) {
    this.#files = files;
    this.devices = options.devices ?? [];
    this.#estimate = options.estimate ?? { host: NOTHING, gpu: NOTHING };
  }

  /** Whether everything that was loaded is closed, the backend itself included. */
  get isClean(): boolean {
    const contexts: readonly FakeContext[] = this.models.flatMap((model) => model.contexts);
    return this.#closed && [...this.models, ...contexts].every(({ isClosed }) => isClosed);
  }

  async loadModel(path: string, { onProgress, signal }: LoadOptions): Promise<Model> {
    const options = this.#file(path);
    onProgress?.(0);
    await turn();
    if (signal?.aborted) throw new OutriderError('aborted', `${path}: loading was aborted`);
    if (options.loadFailure !== undefined) throw options.loadFailure;
    const model = new FakeModel({ ...options, path });
    this.models.push(model);
    onProgress?.(1);
    return model;
  }

  async readMetadata(path: string): Promise<ReadonlyMap<string, string>> {
    const options = this.#file(path);
    return options.metadata ?? metadataOf(options);
  }

  async estimate(path: string): Promise<MemoryEstimate> {
    void this.#file(path);
    return this.#estimate;
  }

  close(): void {
    for (const model of this.models) model.close();
    this.#closed = true;
  }

  #file(path: string): FakeModelOptions {
    if (this.#closed) throw new Error('fake backend: used after close');
    const options = this.#files[basename(path)];
    if (options === undefined) throw new OutriderError('model_not_found', `${path}: there is no such file`);
    return options;
  }
}

const CHAT_TEMPLATE =
  "{% for m in messages %}<|{{ 'assistant' if m.role == 'assistant' else 'user' }}|>{{ m.content }}<|end|>{% endfor %}" +
  '{% if add_generation_prompt %}<|assistant|>{% endif %}';

const NOTHING: MemoryParts = { weightsBytes: 0, cacheBytes: 0, computeBytes: 0 };

function metadataOf({ trainedContext = 2048 }: FakeModelOptions): ReadonlyMap<string, string> {
  return new Map([
    ['general.architecture', 'fake'],
    ['fake.context_length', String(trainedContext)],
  ]);
}

/** A context of a new fake model, for tests that need no more. */
export async function fakeContext(
  options: Partial<ContextOptions> = {},
  model = new FakeModel(),
): Promise<{ readonly model: FakeModel; readonly context: FakeContext }> {
  const context: Context & FakeContext = await model.createContext({
    tokensPerSequence: 2048,
    sequences: 4,
    batch: 64,
    outputs: 32,
    microBatch: 64,
    threads: 1,
    ...options,
  });
  return { model, context };
}
