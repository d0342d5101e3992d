/** `outrider serve` as a user starts it: a process, the process of its engine, and what becomes of both. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../bin/outrider.js', import.meta.url));
const FLAGS = ['--threads', '1', '--threads-draft', '1', '--strict', '--log-level', 'error'];
const STORY = { prompt: 'Once upon a time', max_tokens: 400, temperature: 0, ignore_eos: true, stream: true };

let cache: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'outrider-serve-'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(cache, { recursive: true });
});

/** A running program; `said` is what it wrote to standard error so far. */
function start(...argv: string[]) {
  const child = spawn(process.execPath, [PROGRAM, 'serve', ...FLAGS, ...argv], {
    env: { ...process.env, XDG_CACHE_HOME: cache },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  children.push(child);
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
  const program = { child, ended, said: '' };
  child.stderr.on('data', (chunk) => {
    program.said += chunk;
  });
  return program;
}

async function ready(program: ReturnType<typeof start>): Promise<string> {
  await expect.poll(() => program.said, { timeout: 30_000 }).toMatch(/ready: \S+ /);
  return /ready: (\S+)/.exec(program.said)![1]!;
}

/** The text of a stream; `onText` is called once, with the first of it. */
async function textOf(url: string, onText: () => void = () => {}): Promise<string> {
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

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('outrider serve', () => {
  it('goes on with a stream whose engine was killed, and leaves nothing behind', async () => {
    const program = start('--port', '0');
    const url = await ready(program);
    const undisturbed = await textOf(url);
    const engine = Number(/engine in process (\d+)/.exec(program.said)![1]);
    expect(await textOf(url, () => process.kill(engine, 'SIGKILL'))).toBe(undisturbed);
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', restarts: 1 });
    expect(program.said).toContain('note: the engine is started again: killed by SIGKILL');
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(isAlive(engine)).toBe(false);
  });

  it('ends at once where its port is taken, with one line', async () => {
    const url = await ready(start('--port', '0', '--in-process'));
    const second = start('--port', new URL(url).port);
    expect(await second.ended).toBe(1);
    expect(second.said).toMatch(/^outrider: cannot listen on [^\n]+ --port \d+ [^\n]+\n$/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});
