import koffi from 'koffi';
import { CALLBACK_TYPES, type Functions, GGML_LOG_LEVEL } from './abi/v0.5.0/index.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogLine {
  readonly level: LogLevel;
  readonly line: string;
}

/** Hears llama.cpp's log, one whole line at a time, without its line feed. Must not throw. */
export type LogSink = (level: LogLevel, line: string) => void;

/**
 * Joins llama.cpp's pieces into lines: a piece may end without a line feed and go on in pieces of level CONT (dots of
 * progress, parts of a table).
 */
export class LogLines {
  readonly #sink: LogSink;
  #level: LogLevel = 'info';
  #pending = '';

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  push(level: number, text: string): void {
    const name = GGML_LOG_LEVEL[level];
    if (name !== 'cont') {
      this.flush();
      this.#level = name === undefined || name === 'none' ? 'info' : name;
    }
    const lines = (this.#pending + text).split('\n');
    this.#pending = lines.pop() ?? '';
    for (const line of lines) this.#emit(line);
  }

  /** Emits a last line that came without its line feed. */
  flush(): void {
    const line = this.#pending;
    this.#pending = '';
    this.#emit(line);
  }

  #emit(line: string): void {
    const trimmed = line.trimEnd();
    if (trimmed !== '') this.#sink(this.#level, trimmed);
  }
}

/**
 * The one log callback of the process. Nobody listening: llama.cpp writes into a harmless C function, so that passes
 * never wait for the event loop and nothing reaches the screen. With listeners: a JavaScript callback, which costs a
 * hop to the main thread for each line of an `.async` call; so listen only around loading, or when asked to be verbose.
 *
 * While anybody listens, a call that logs from a thread of its own must not run in place: it would wait for the main
 * thread, which waits for it.
 */
export class NativeLog {
  readonly #functions: Functions;
  readonly #silence = harmlessFunction();
  readonly #lines: LogLines;
  readonly #callback: bigint;
  readonly #listeners = new Set<LogSink>();
  readonly #followers = new Set<LogSink>();

  constructor(functions: Functions) {
    this.#functions = functions;
    this.#lines = new LogLines((level, line) => {
      for (const sink of [...this.#listeners, ...this.#followers]) sink(level, line);
    });
    this.#callback = koffi.register(
      (level: number, text: string | null) => this.#lines.push(level, text ?? ''),
      CALLBACK_TYPES.ggml_log_callback,
    );
    functions.llama_log_set(this.#silence, null);
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  /** Sends `sink` what listeners cause to be heard, until the function that it returns is called. Costs nothing else. */
  follow(sink: LogSink): () => void {
    const follower: LogSink = (level, line) => sink(level, line);
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Sends every line to `sink` until the function that it returns is called. */
  listen(sink: LogSink): () => void {
    // A listener of its own for each call, so that one sink may listen twice.
    const listener: LogSink = (level, line) => sink(level, line);
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#functions.llama_log_set(this.#callback, null);
    return () => {
      if (!this.#listeners.has(listener)) return;
      this.#lines.flush();
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#functions.llama_log_set(this.#silence, null);
    };
  }
}

/**
 * C's `abs`: takes an int first, as the log callback does, ignores the other arguments (the caller cleans up on every
 * 64-bit platform), touches nothing and returns a value that nobody reads.
 */
function harmlessFunction(): bigint {
  return koffi.load(process.platform === 'win32' ? 'msvcrt.dll' : null).symbol('abs');
}
