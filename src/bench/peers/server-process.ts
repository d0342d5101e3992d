import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { OutriderError } from '../../errors.js';

/** Lines of its log that an error shows. */
const SHOWN = 5;
const KEPT_CHARACTERS = 20_000;
const POLL_MS = 50;
/** A health check that takes longer is asked again. */
const HEALTH_MS = 1_000;

export interface ServerProcessOptions {
  readonly program: string;
  /** Arguments for a port. */
  readonly argv: (port: number) => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds until it must answer `/health`. */
  readonly deadlineMs: number;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** Another program's server as a child: started until it is healthy, asleep whenever nobody measures it, killed at the end. */
export class ServerProcess {
  readonly url: string;
  readonly #program: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #kill = (): void => void this.#child.kill('SIGKILL');
  #log = '';
  #state: 'running' | 'ended' = 'running';

  private constructor(program: string, child: ChildProcess, port: number) {
    this.#program = program;
    this.url = `http://127.0.0.1:${port}`;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-KEPT_CHARACTERS);
      });
    }
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#state = 'ended';
        process.off('exit', this.#kill);
        resolve();
      };
      child.once('exit', end);
      child.once('error', (error) => {
        this.#log += `\n${error.message}`;
        end();
      });
    });
    process.on('exit', this.#kill);
  }

  /** @throws OutriderError backend_failed when it ends or does not answer in time, with the end of its log */
  static async start({ program, argv, env, deadlineMs, now }: ServerProcessOptions): Promise<ServerProcess> {
    const port = await freePort();
    const child = spawn(program, argv(port), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const server = new ServerProcess(program, child, port);
    const began = now();
    while (!(await server.#isHealthy())) {
      if (server.#state === 'running' && now() - began < deadlineMs) {
        await setTimeout(POLL_MS);
        continue;
      }
      const what = server.#state === 'ended' ? 'ended' : `did not answer within ${deadlineMs / 1000} s`;
      const lines = server.#lastLines();
      await server.close();
      throw new OutriderError('backend_failed', `${program} ${what}: ${lines}`);
    }
    return server;
  }

  /** Its log so far, the end of it. */
  get log(): string {
    return this.#log;
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async close(): Promise<void> {
    this.#kill();
    await this.#ended;
  }

  /**
   * Posts JSON and resolves with the whole answer. Not by fetch, which gives up on an answer that has not begun after
   * five minutes: a large model on a CPU takes longer.
   * @throws OutriderError backend_failed when the answer is not 200 or the program ends, with the end of its log
   */
  async post(path: string, body: object): Promise<string> {
    const { status, text } = await exchange(`${this.url}${path}`, JSON.stringify(body)).catch((error: Error) => {
      throw new OutriderError(
        'backend_failed',
        `${this.#program} did not answer: ${error.message}: ${this.#lastLines()}`,
      );
    });
    if (status === 200) return text;
    throw new OutriderError('backend_failed', `${this.#program} answered ${status}: ${text}`);
  }

  #lastLines(): string {
    return this.#log.trim().split('\n').slice(-SHOWN).join(' | ');
  }

  async #isHealthy(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(HEALTH_MS) })).ok;
    } catch {
      return false;
    }
  }
}

function exchange(url: string, body: string): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', headers, agent: false }, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode, text }), reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
