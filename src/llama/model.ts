import type { Context, ContextOptions, LoadOptions, Model } from '../engine/backend.js';
import { OutriderError } from '../errors.js';
import { callAsync, type Functions, type Pointer } from './abi/v0.5.0/index.js';
import { checkCacheTypes } from './cache-types.js';
import { captured } from './captured.js';
import { LlamaContext } from './context.js';
import { checkContextOptions, contextParams } from './context-options.js';
import type { GgufFile } from './gguf.js';
import { Handle } from './handle.js';
import type { Library } from './library.js';
import type { LogLine } from './log.js';
import { readText } from './native-text.js';
import { refusalReason } from './refusal.js';
import { ThreadPools } from './thread-pools.js';
import { LlamaVocabulary } from './vocabulary.js';

export interface ModelParts {
  readonly library: Library;
  readonly files: readonly GgufFile[];
  readonly pointer: Pointer;
  readonly options: LoadOptions;
  /** Called once, when the model is closed. */
  readonly onClose: () => void;
  /** See LlamaContext. */
  readonly inPlaceMs: number;
  readonly now: () => number;
  readonly mayRunInPlace: () => boolean;
}

/** A loaded llama_model. */
export class LlamaModel implements Model {
  readonly path: string;
  readonly description: string;
  readonly architecture: string;
  readonly sizeBytes: number;
  readonly parameterCount: number;
  readonly layerCount: number;
  readonly trainedContext: number;
  readonly canTrim: boolean;
  readonly metadata: ReadonlyMap<string, string>;
  readonly vocabulary: LlamaVocabulary;
  readonly chatTemplate: string | undefined;
  readonly #parts: ModelParts;
  readonly #handle: Handle;
  readonly #contexts = new Set<Handle>();

  constructor(parts: ModelParts) {
    const { functions } = parts.library;
    const { pointer } = parts;
    this.#parts = parts;
    this.path = parts.files[0]?.path ?? '';
    this.#handle = new Handle(`the model ${this.path}`, pointer, functions.llama_model_free);
    this.description = readText((buffer, size) => functions.llama_model_desc(pointer, buffer, size));
    this.metadata = readMetadata(functions, pointer);
    this.architecture = this.metadata.get('general.architecture') ?? '';
    this.sizeBytes = functions.llama_model_size(pointer);
    this.parameterCount = functions.llama_model_n_params(pointer);
    this.layerCount = functions.llama_model_n_layer(pointer);
    this.trainedContext = functions.llama_model_n_ctx_train(pointer);
    this.canTrim = !functions.llama_model_is_recurrent(pointer) && !functions.llama_model_is_hybrid(pointer);
    this.vocabulary = new LlamaVocabulary(functions, this.#handle);
    this.chatTemplate = functions.llama_model_chat_template(pointer, null) ?? undefined;
  }

  applyBuiltinTemplate(
    name: string | undefined,
    messages: readonly { role: string; content: string }[],
  ): string | undefined {
    void this.#handle.pointer;
    const template = name ?? this.chatTemplate;
    if (template === undefined) return undefined;
    const { functions } = this.#parts.library;
    // A NUL would end the C string.
    const chat = messages.map(({ role, content }) => ({ role, content: content.replaceAll('\0', '') }));
    const apply = (buffer: Uint8Array | null, size: number) =>
      functions.llama_chat_apply_template(template, chat, chat.length, true, buffer, size);
    return apply(null, 0) < 0 ? undefined : readText(apply);
  }

  async createContext(options: ContextOptions): Promise<Context> {
    checkContextOptions(options);
    const { library, files, inPlaceMs, mayRunInPlace, now } = this.#parts;
    const { functions } = library;
    checkCacheTypes(functions, files[0] as GgufFile, options);
    const release = this.#handle.hold();
    try {
      const pointer = await this.#initFromModel(options);
      const threadPools = new ThreadPools(functions, library.poolProcedures, options.betweenPasses);
      const handle = new Handle(`a context of ${this.path}`, pointer, (context) => {
        functions.llama_free(context);
        threadPools.free();
        this.#contexts.delete(handle);
        release();
      });
      this.#contexts.add(handle);
      if (this.#handle.closed) handle.close();
      return new LlamaContext({
        functions,
        handle,
        options,
        vocabularySize: this.vocabulary.size,
        // Under a sliding window a pass behind a shift writes over cells that are out of its sight and may be needed again.
        canMoveCells: this.canTrim && functions.llama_model_n_swa(this.#handle.pointer) === 0,
        threadPools,
        mayRunInPlace,
        inPlaceMs,
        now,
      });
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Idempotent. Contexts are closed first; passes in flight end before anything is freed. */
  close(): void {
    if (this.#handle.closed) return;
    for (const context of this.#contexts) context.close();
    this.#handle.close();
    this.#parts.onClose();
  }

  #initFromModel(options: ContextOptions): Promise<Pointer> {
    const { library, files, pointer, options: load } = this.#parts;
    return captured(library, async (heard) => {
      const params = contextParams(library.functions, files[0] as GgufFile, options, load.placement);
      const context = await callAsync(library.functions.llama_init_from_model, pointer, params);
      if (context === null) throw this.#refused(options, heard);
      return context;
    });
  }

  #refused({ tokensPerSequence, sequences }: ContextOptions, heard: readonly LogLine[]): OutriderError {
    const reason = refusalReason(heard);
    const memory = /alloc|memory|buffer/i.test(reason);
    return new OutriderError(
      memory ? 'memory_exceeded' : 'backend_failed',
      `no context of ${sequences} x ${tokensPerSequence} tokens for ${this.path}: ${reason}${memory ? '; use a smaller context' : ''}`,
      { tokensPerSequence, sequences },
    );
  }
}

/** Scalar metadata as text; llama.cpp leaves arrays out. */
function readMetadata(functions: Functions, model: Pointer): Map<string, string> {
  const metadata = new Map<string, string>();
  for (let i = 0; i < functions.llama_model_meta_count(model); i++) {
    const key = readText((buffer, size) => functions.llama_model_meta_key_by_index(model, i, buffer, size));
    metadata.set(
      key,
      readText((buffer, size) => functions.llama_model_meta_val_str_by_index(model, i, buffer, size)),
    );
  }
  return metadata;
}
