import type { ChildProcess } from 'node:child_process';
import { OutriderError } from '../../errors.js';
import { type Death, deathOf } from './death.js';
import { LoadWatch } from './load-watch.js';
import { PassWatch } from './pass-watch.js';
import type { FromEngine, ToEngine } from './protocol.js';

/** How often an engine is asked whether it is there. */
const PING_MS = 1_000;

export interface EngineLifeOptions {
  /** Milliseconds without any message after which the process counts as hung and is killed. */
  readonly hangMs: number;
  /** Milliseconds that any pass may take; longer than that, and than such passes may take, and it is killed. */
  readonly passMs: number;
  /** Milliseconds that a load may go without progress. */
  readonly loadMs: number;
  readonly onMessage: (message: FromEngine) => void;
  /** The process has ended and everything that it said was heard. Called once. */
  readonly onEnd: (death: Death) => void;
}

/** A child process while it lives, watched for signs of life. */
export class EngineLife {
  readonly #child: ChildProcess;
  readonly #watch: NodeJS.Timeout;
  /** Ticks of the watch without a message: counted and not timed, since a machine that sleeps is not a hung child. */
  #silent = 0;
  #ended = false;
  /** Why it was killed from here. */
  #killed: Death | undefined;
  /** Until it is ready, or has failed. */
  #load: LoadWatch | undefined;

  constructor(child: ChildProcess, { hangMs, passMs, loadMs, onMessage, onEnd }: EngineLifeOptions) {
    this.#child = child;
    const tickMs = Math.min(PING_MS, hangMs / 4);
    this.#load = new LoadWatch({ tickMs, mostMs: loadMs });
    this.#watch = setInterval(() => {
      this.#silent += 1;
      const silence = this.#silent * tickMs > hangMs ? `it gave no sign of life for ${hangMs / 1000} s` : undefined;
      const complaint = silence ?? this.#load?.look();
      if (complaint !== undefined) this.#kill({ reason: complaint, by: 'watch' });
      else this.send({ type: 'ping' });
    }, tickMs);
    const passes = new PassWatch({ tickMs, leastMs: passMs });
    child.on('message', (received) => {
      const message = received as FromEngine;
      this.#silent = 0;
      this.#follow(message);
      const complaint = message.type === 'pong' ? passes.look(message.passes) : undefined;
      if (complaint !== undefined) this.#kill({ reason: complaint, by: 'watch' });
      onMessage(message);
    });
    const end = (death: Death): void => {
      if (this.#ended) return;
      this.#ended = true;
      clearInterval(this.#watch);
      onEnd(this.#killed ?? death);
    };
    child.on('error', (error) => {
      if (child.pid === undefined) end({ reason: `it could not be started: ${error.message}`, by: 'itself' });
    });
    // Messages may still be on their way at the exit; the channel closes behind the last of them.
    const endWhenHeard = (): void => {
      const { exitCode, signalCode, connected } = child;
      if (connected || (exitCode === null && signalCode === null)) return;
      end(deathOf(exitCode, signalCode));
    };
    child.on('exit', endWhenHeard);
    child.on('disconnect', endWhenHeard);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * To a process that has just died it is lost, which `onEnd` tells of.
   * @throws OutriderError invalid_argument where the message is not plain data; nothing of it was sent
   */
  send(message: ToEngine): void {
    if (!this.#child.connected) return;
    try {
      this.#child.send(message, () => {});
    } catch (error) {
      throw new OutriderError(
        'invalid_argument',
        `expected plain data, got what cannot be sent to the engine's process (${(error as Error).message}); leave out functions and deep nesting`,
      );
    }
  }

  /** Ends it at once, also where it is stopped or hangs in a system call. */
  kill(reason: string): void {
    this.#kill({ reason, by: 'itself' });
  }

  #kill(death: Death): void {
    this.#killed ??= death;
    this.#child.kill('SIGKILL');
  }

  /** How its load gets on. */
  #follow(message: FromEngine): void {
    if (message.type === 'progress') this.#load?.progressed();
    if (message.type === 'pong') this.#load?.hasRead(message.blocksRead);
    if (message.type === 'ready' || message.type === 'failed') this.#load = undefined;
  }
}
