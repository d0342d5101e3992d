import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CACHE, PROGRAM } from './spawn.js';

/** Whether this machine has util-linux's `script`, which runs a program on a pseudo-terminal. */
export const HAS_PSEUDO_TERMINAL =
  process.platform === 'linux' &&
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');

const PATIENCE_MS = 60_000;

/** The built program on a pseudo-terminal of 110 columns. */
export class PseudoTerminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #output = '';
  /** Where the output was when something was typed last. */
  #typedAt = 0;

  constructor(argv: readonly string[]) {
    const command = [process.execPath, PROGRAM, ...argv].map((word) => `'${word}'`).join(' ');
    const env = { ...process.env, XDG_CACHE_HOME: CACHE, TERM: 'xterm-256color' };
    this.#child = spawn('script', ['-qec', `stty cols 110 rows 30; exec ${command}`, '/dev/null'], { env });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    this.#child.stdin!.on('error', () => {});
    this.#ended = once(this.#child, 'close');
  }

  get output(): string {
    return this.#output;
  }

  type(keys: string): void {
    this.#typedAt = this.#output.length;
    this.#child.stdin!.write(keys);
  }

  /** Waits for a text behind what was typed last. */
  async until(text: string): Promise<void> {
    for (let waited = 0; !this.#output.slice(this.#typedAt).includes(text); waited += 20) {
      if (waited > PATIENCE_MS) throw new Error(`'${text}' did not come; there is:\n${this.#output}`);
      await sleep(20);
    }
  }

  /** The exit code of the program. */
  async ended(): Promise<unknown> {
    const [code, signal] = await this.#ended;
    return code ?? signal;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
