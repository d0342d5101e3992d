/** node-llama-cpp through its own package, found where the command runs; with its draft predictor and without. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { OutriderError } from '../../errors.js';
import type { ChildConfig, ChildMessage } from './node-llama-cpp-child.js';
import type { Peer, PeerAnswer, PeerRequest } from './peer.js';

const NAME = 'node-llama-cpp';
const ENTRY = join('node_modules', NAME, 'dist', 'index.js');

export interface NodeLlamaCppOptions {
  readonly target: string;
  readonly draft: string | undefined;
  readonly contextSize: number;
  /** Thread counts; the largest is used. */
  readonly threads: readonly number[];
}

/** @throws OutriderError invalid_argument where the package is not installed, backend_failed where it does not start */
export async function openNodeLlamaCpp({ threads, ...options }: NodeLlamaCppOptions): Promise<Peer[]> {
  const entry = join(process.cwd(), ENTRY);
  if (!existsSync(entry)) {
    throw new OutriderError(
      'invalid_argument',
      `against: ${NAME} is not installed here; npm install ${NAME}@3.22.1 in the folder that you run this in`,
      { parameter: 'against' },
    );
  }
  const config = { ...options, entry: pathToFileURL(entry).href, threads: Math.max(...threads) };
  const peers = [await NodeLlamaCpp.start('plain', { ...config, draft: undefined })];
  if (options.draft !== undefined) peers.push(await NodeLlamaCpp.start('default', config));
  return peers;
}

class NodeLlamaCpp implements Peer {
  readonly name = NAME;
  readonly setting: string;
  readonly system: string;
  readonly #child: ChildProcess;
  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  private constructor(child: ChildProcess, setting: string, system: string) {
    this.#child = child;
    this.setting = setting;
    this.system = system;
    process.on('exit', this.#kill);
  }

  static async start(setting: string, config: ChildConfig): Promise<NodeLlamaCpp> {
    const script = fileURLToPath(new URL('./node-llama-cpp-child.js', import.meta.url));
    const child = fork(script, [JSON.stringify(config)], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const message = await next(child);
    if (message.type === 'ready') {
      const peer = new NodeLlamaCpp(child, setting, message.system);
      peer.pause();
      return peer;
    }
    child.kill('SIGKILL');
    throw new OutriderError('backend_failed', `${NAME}: ${message.type === 'error' ? message.message : message.type}`);
  }

  async generate(request: PeerRequest): Promise<PeerAnswer> {
    this.#child.send(request);
    const message = await next(this.#child);
    if (message.type === 'answer') return message.answer;
    throw new OutriderError('backend_failed', `${NAME}: ${message.type === 'error' ? message.message : message.type}`);
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async close(): Promise<void> {
    process.off('exit', this.#kill);
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#kill();
    await ended;
  }
}

/** What the child says next; that it ended is an error. */
function next(child: ChildProcess): Promise<ChildMessage> {
  return new Promise((resolve) => {
    const ended = (code: number | null): void => heard({ type: 'error', message: `its process ended (${code})` });
    const heard = (message: ChildMessage): void => {
      child.off('exit', ended);
      child.off('message', heard);
      resolve(message);
    };
    child.once('message', heard);
    child.once('exit', ended);
  });
}
