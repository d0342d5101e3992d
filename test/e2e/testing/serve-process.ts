import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../../bin/outrider.js', import.meta.url));
const FLAGS = ['--threads', '1', '--threads-draft', '1', '--strict', '--log-level', 'error'];

/** `outrider serve` as a process. */
export interface ServeProcess {
  readonly child: ChildProcess;
  /** Exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** What it wrote to standard error so far. */
  said: string;
}

/** Processes that a test file starts, with a cache of their own. */
export class ServeProcesses {
  readonly #cache: string;
  readonly #children: ChildProcess[] = [];

  private constructor(cache: string) {
    this.#cache = cache;
  }

  static async create(): Promise<ServeProcesses> {
    return new ServeProcesses(await mkdtemp(join(tmpdir(), 'outrider-serve-')));
  }

  start(argv: readonly string[], surroundings: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}) {
    const { cwd, env = { ...process.env, XDG_CACHE_HOME: this.#cache } } = surroundings;
    const child = spawn(process.execPath, [PROGRAM, 'serve', ...FLAGS, ...argv], {
      env,
      ...(cwd !== undefined && { cwd }),
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    this.#children.push(child);
    const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
    const started: ServeProcess = { child, ended, said: '' };
    child.stderr.on('data', (chunk) => {
      started.said += chunk;
    });
    return started;
  }

  async remove(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await rm(this.#cache, { recursive: true });
  }
}

/** Where it can be asked, once it says so. */
export async function readyAt(program: ServeProcess): Promise<string> {
  await expect.poll(() => program.said, { timeout: 60_000 }).toMatch(/ready: \S+ /);
  return /ready: (\S+)/.exec(program.said)![1]!;
}

/** Of its engine, which says where it is with the other start-up lines. */
export function enginePid(program: ServeProcess): number {
  return Number(/engine in process (\d+)/.exec(program.said)![1]);
}

const STORY = { prompt: 'Once upon a time', max_tokens: 400, temperature: 0, ignore_eos: true, stream: true };

/** The text of a greedy stream; `onText` is called once, with the first of it. */
export async function storyFrom(url: string, onText: () => void = () => {}): Promise<string> {
  const response = await fetch(`${url}/v1/completions`, { method: 'POST', body: JSON.stringify(STORY) });
  let received = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body!) {
    if (received === '') onText();
    received += decoder.decode(chunk, { stream: true });
  }
  const events = received.split('\n\n').filter((event) => event.startsWith('data: '));
  expect(events.pop()).toBe('data: [DONE]');
  return events.map((event) => JSON.parse(event.slice('data: '.length)).choices[0].text).join('');
}
