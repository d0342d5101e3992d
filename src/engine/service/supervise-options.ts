import type { ChildProcess } from 'node:child_process';
import type { LoadEvent } from '../events.js';
import type { PlainEngineOptions } from './protocol.js';
import type { RestartsOptions } from './restarts.js';

export interface SuperviseOptions extends RestartsOptions {
  /** Starts a process that calls `hostEngine`, with a channel of `serialization: 'advanced'`. */
  readonly spawn: () => ChildProcess;
  readonly engine: PlainEngineOptions;
  readonly onProgress?: ((event: LoadEvent) => void) | undefined;
  /** Hears of each death that is followed by a new start, in a few words; of a first load that hangs, too. */
  readonly onDeath?: ((reason: string) => void) | undefined;
  /** Stops the first load. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a sign of life after which the engine is killed, default 30 000. */
  readonly hangMs?: number;
  /** Milliseconds that an orderly end may take, default 5 000. */
  readonly closeMs?: number;
}

/** Passes keep the event loop from answering only where they are known to take milliseconds; long ones run beside it. */
export const HANG_MS = 30_000;
/** A prompt chunk of a model that hardly fits may take minutes. */
export const PASS_MS = 300_000;
/** Without any progress: a file that is read however slowly makes some. */
export const LOAD_MS = 600_000;
/** An orderly end waits for the passes that run. */
export const CLOSE_MS = 5_000;
