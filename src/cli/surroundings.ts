import type { Readable, Writable } from 'node:stream';
import type { Vocabulary } from '../engine/backend.js';
import type { Engine } from '../engine/engine.js';
import type { LoadedModel } from '../engine/loaded-model.js';
import type { EngineOptions } from '../engine/options.js';
import type { RowClass } from '../engine/row-class.js';
import type { EngineService } from '../engine/service.js';
import type { LlamaBackend, LogSink } from '../llama/index.js';

/** A stream for text; `isTTY`, `columns` and `rows` as Node's own standard streams have them. */
export interface TextSink extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface TextSource extends Readable {
  readonly isTTY?: boolean;
}

export interface BackendOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Hears llama.cpp's log: warnings while loading, everything when `verbose`. */
  readonly log?: LogSink;
  readonly verbose?: boolean;
}

/** What the command line needs of an `Engine`. */
export interface CommandEngine extends Pick<Engine, 'generate' | 'close' | 'loadMs'> {
  readonly models: {
    readonly target: CommandModel;
    readonly draft: CommandModel | undefined;
    readonly rowClass: RowClass;
    readonly notes: readonly string[];
  };
}

export interface CommandModel extends Pick<LoadedModel, 'name'> {
  readonly model: { readonly path: string; readonly vocabulary: Pick<Vocabulary, 'bytes'> };
}

/** The process that an engine runs in. */
export type ServicePlace = 'this' | 'child';

/** All that the command line touches outside itself, so that tests can stand in for it. */
export interface Surroundings {
  readonly stdin: TextSource;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly env: NodeJS.ProcessEnv;
  /** The current folder. */
  readonly folder: string;
  /** Of this process. */
  readonly pid: number;
  /** Outrider's own version. */
  readonly version: string;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly platform: NodeJS.Platform;
  /** Calls `listener` at the next Ctrl-C only; the one after it ends the process. Returns how to listen no more. */
  onInterrupt(listener: () => void): () => void;
  /** Calls `listener` whenever this process is asked to end, by SIGTERM or Ctrl-C. Returns how to listen no more. */
  onTerminate(listener: () => void): () => void;
  openBackend(options: BackendOptions): Promise<LlamaBackend>;
  /** Opens a backend and loads models on it; closing the engine closes both. */
  loadEngine(options: EngineOptions, backend: BackendOptions): Promise<CommandEngine>;
  /**
   * Loads models for a server, in this process or in a child that is replaced when it dies. `onDeath` hears of each death
   * that a new start follows, in a few words.
   */
  openService(
    options: EngineOptions,
    backend: BackendOptions,
    place: ServicePlace,
    onDeath?: (reason: string) => void,
  ): Promise<EngineService>;
}
