/**
 * llama.cpp's own server on the same files and the same shared libraries: unstreamed answers over HTTP, one slot, prompt
 * cache off, with its draft at its defaults, on a grid of its two draft settings, and without a draft.
 */
import { OutriderError } from '../../errors.js';
import type { Token } from '../../speculative/index.js';
import { median } from '../interval.js';
import type { Peer, PeerAnswer, PeerRequest } from './peer.js';
import { ServerProcess } from './server-process.js';

export interface PeerModels {
  readonly target: string;
  readonly draft: string | undefined;
  readonly contextSize: number;
}

export interface LlamaServerOptions extends PeerModels {
  readonly program: string;
  /** Folder of the shared libraries, which the program is to use. */
  readonly libraries: string;
  readonly grid: 'defaults' | 'all';
  /** Thread counts to try; the better one is kept, for plain decoding and for drafting. */
  readonly threads: readonly number[];
  /** A prompt that a draft model knows well, to try thread counts and to see that it drafts. */
  readonly trial: readonly Token[];
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** How it drafts: not at all, at its defaults, or with at most `max` tokens of at least that confidence. */
export type DraftSetting = 'plain' | 'default' | { readonly max: number; readonly minConfidence: number };

export const GRID: readonly DraftSetting[] = [
  { max: 2, minConfidence: 0 },
  { max: 3, minConfidence: 0.5 },
  { max: 4, minConfidence: 0 },
  { max: 8, minConfidence: 0.5 },
  { max: 8, minConfidence: 0.75 },
  { max: 16, minConfidence: 0.75 },
];

const NAME = 'llama-server';
const DEADLINE_MS = 300_000;
const TRIALS = 3;
const TRIAL_TOKENS = 32;

/** Starts a server for each setting; all sleep. */
export async function openLlamaServers(options: LlamaServerOptions): Promise<Peer[]> {
  const settings: DraftSetting[] = options.draft === undefined ? ['plain'] : ['plain', 'default'];
  const peers: LlamaServer[] = [];
  try {
    const system = await systemOf(options);
    let threads = options.threads[0]!;
    for (const setting of settings) {
      const best = await fastest(options, setting, system);
      threads = best.threads;
      peers.push(best);
    }
    const grid = options.draft !== undefined && options.grid === 'all' ? GRID : [];
    for (const setting of grid) peers.push(await LlamaServer.start(options, setting, threads, system));
    return peers;
  } catch (error) {
    for (const peer of peers) await peer.close();
    throw error;
  }
}

interface Trial {
  readonly server: LlamaServer;
  readonly times: number[];
}

/** The server with the thread count that is better for this setting; the others are closed. */
async function fastest(options: LlamaServerOptions, setting: DraftSetting, system: string): Promise<LlamaServer> {
  const trials: Trial[] = [];
  try {
    for (const threads of options.threads) {
      trials.push({ server: await LlamaServer.start(options, setting, threads, system), times: [] });
    }
    for (let trial = 0; trial < TRIALS; trial++) {
      for (const one of trials) await tryOut(one, setting, options);
    }
    const [best, ...rest] = trials.toSorted((a, b) => median(a.times) - median(b.times));
    for (const { server } of rest) await server.close();
    return best!.server;
  } catch (error) {
    for (const { server } of trials) await server.close();
    throw error;
  }
}

async function tryOut({ server, times }: Trial, setting: DraftSetting, options: LlamaServerOptions): Promise<void> {
  server.resume();
  const { ms, drafted } = await server.generate({
    prompt: options.trial,
    temperature: 0,
    seed: 1,
    tokens: TRIAL_TOKENS,
  });
  server.pause();
  times.push(ms);
  if (setting === 'plain' || drafted > 0) return;
  const given = argvOf(options, setting, server.threads).join(' ');
  throw new OutriderError('backend_failed', `${options.program} drafts nothing, started with ${given}`);
}

class LlamaServer implements Peer {
  readonly name = NAME;
  readonly setting: string;
  readonly system: string;
  readonly threads: number;
  readonly #process: ServerProcess;
  readonly #now: () => number;

  private constructor(
    process: ServerProcess,
    setting: DraftSetting,
    threads: number,
    system: string,
    now: () => number,
  ) {
    this.#process = process;
    this.setting = typeof setting === 'string' ? setting : `${setting.max}/${setting.minConfidence}`;
    this.threads = threads;
    this.#now = now;
    this.system = system;
  }

  static async start(
    options: LlamaServerOptions,
    setting: DraftSetting,
    threads: number,
    system: string,
  ): Promise<LlamaServer> {
    const process = await startProcess(options, argvOf(options, setting, threads));
    process.pause();
    return new LlamaServer(process, setting, threads, system, options.now);
  }

  async generate({ prompt, temperature, seed, tokens }: PeerRequest): Promise<PeerAnswer> {
    const body = { prompt, temperature, seed, n_predict: tokens, ignore_eos: true, cache_prompt: false, stream: false };
    const began = this.#now();
    const text = await this.#process.post('/completion', body);
    const ms = this.#now() - began;
    const { content, tokens_predicted: predicted, timings } = JSON.parse(text);
    return {
      ms,
      tokens: predicted,
      drafted: timings.draft_n ?? 0,
      accepted: timings.draft_n_accepted ?? 0,
      text: content,
    };
  }

  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}

/** Arguments of the server, save its port; each of its `slots` has the whole context. */
export function argvOf(
  { target, draft, contextSize }: PeerModels,
  setting: DraftSetting,
  threads: number,
  slots = 1,
): string[] {
  const argv = ['-m', target, '-np', String(slots), '-c', String(slots * contextSize)];
  argv.push('-t', String(threads), '-tb', String(threads));
  argv.push('--no-cache-prompt', '--cache-ram', '0', '--host', '127.0.0.1');
  if (setting === 'plain' || draft === undefined) return argv;
  argv.push('-md', draft, '--spec-type', 'draft-simple', '-td', String(threads), '-tbd', String(threads));
  if (setting === 'default') return argv;
  const { max, minConfidence } = setting;
  return [...argv, '--spec-draft-n-max', String(max), '--spec-draft-p-min', String(minConfidence)];
}

function startProcess({ program, env, libraries, now }: LlamaServerOptions, argv: string[]): Promise<ServerProcess> {
  return ServerProcess.start({
    program,
    argv: (port) => [...argv, '--port', String(port)],
    env: { ...env, LIBS: libraries },
    deadlineMs: DEADLINE_MS,
    now,
  });
}

/** The processor's features that it uses. Only a chatty server tells, so one is started for this with the smaller model. */
async function systemOf(options: LlamaServerOptions): Promise<string> {
  const smaller = { ...options, target: options.draft ?? options.target, draft: undefined };
  const process = await startProcess(options, [...argvOf(smaller, 'plain', 1), '--verbosity', '4']);
  const line = /system_info:[^|\n]*\|\s*(.*)/.exec(process.log)?.[1];
  await process.close();
  return line?.replace(/[\s|]+$/, '') ?? 'unknown';
}
