/** The embedded pair in a child process that is killed and stopped again and again: every stream ends as if undisturbed. */
import { execFile, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineService, FinishEvent, GenerationEvent, ServiceRequest } from '../../src/engine/index.js';
import { superviseEngine } from '../../src/engine/service/supervisor.js';
import { type Transpiled, transpileSources } from '../../src/engine/service/testing/transpiled.js';
import { sequentialRandom } from '../../src/speculative/index.js';
import { heldOut } from './testing/heldout.js';
import { DRAFT, MAIN, TEST_THREADS } from './testing/pair.js';

const run = promisify(execFile);

const HANG_MS = 2_000;

let sources: Transpiled;
let cache: string;
let service: EngineService;
const deaths: string[] = [];
/** What each request writes undisturbed. */
let undisturbed: FinishEvent[];

const base = { maxTokens: 120, ignoreEndOfText: true } satisfies Partial<ServiceRequest>;
const REQUESTS: readonly ServiceRequest[] = [
  { ...base, prompt: { text: 'Once upon a time there was' }, sampling: { temperature: 0 } },
  { ...base, prompt: { text: 'The quick brown fox' }, sampling: { temperature: 1 }, seed: 7, stop: ['#never#'] },
  // No rule decides it, and the draft model is far from sure: the target takes over, in whatever life of the engine.
  { ...base, prompt: heldOut(1, 'prose')[0]!.prompt, sampling: { temperature: 0 }, mode: 'auto' },
];

beforeAll(async () => {
  sources = await transpileSources();
  cache = await mkdtemp(join(tmpdir(), 'outrider-cache-'));
  service = await superviseEngine({
    spawn: () =>
      fork(sources.path('cli/engine-process.ts'), [], {
        env: { ...process.env, XDG_CACHE_HOME: cache },
        serialization: 'advanced',
        execArgv: [],
      }),
    engine: { target: MAIN, drafts: [DRAFT], contextSize: 512, parallel: 3, strict: true, routes: [], ...TEST_THREADS },
    onDeath: (reason) => deaths.push(reason),
    hangMs: HANG_MS,
    now: () => performance.now(),
  });
  undisturbed = [];
  for (const request of REQUESTS) undisturbed.push(finishOf(await eventsOf(request)));
});
afterAll(async () => {
  await service?.close();
  await sources.remove();
  await rm(cache, { recursive: true });
});

async function eventsOf(request: ServiceRequest, onRound: () => void = () => {}): Promise<GenerationEvent[]> {
  const events: GenerationEvent[] = [];
  for await (const event of service.generate(request)) {
    events.push(event);
    if (event.type === 'round') onRound();
  }
  return events;
}

function finishOf(events: readonly GenerationEvent[]): FinishEvent {
  const last = events.at(-1);
  if (last?.type !== 'finish') throw last?.type === 'error' ? last.error : new Error(`the last event is ${last?.type}`);
  return last;
}

/** All requests at once, while the engine gets `signal` at `times` moments that `seed` chooses among their rounds. */
async function disturbed(signal: NodeJS.Signals, times: number, seed: number): Promise<GenerationEvent[][]> {
  const random = sequentialRandom(seed);
  const before = deaths.length;
  let left = times;
  let untilNext = 1 + Math.floor(12 * random());
  let isAlive = true;
  const onRound = (): void => {
    if (left === 0 || !isAlive || --untilNext > 0) return;
    left -= 1;
    isAlive = false;
    untilNext = 1 + Math.floor(12 * random());
    // A moment within a pass or between two, not always the one behind a message.
    void sleep(30 * random())
      .then(() => service.status())
      .then(({ pid }) => process.kill(pid, signal));
    void expect
      .poll(() => deaths.length, { timeout: 30_000 })
      .toBe(before + times - left)
      .then(() => {
        isAlive = true;
      });
  };
  const streams = await Promise.all(REQUESTS.map((request) => eventsOf(request, onRound)));
  expect(deaths.length - before).toBe(times);
  return streams;
}

function expectUndisturbed(streams: readonly (readonly GenerationEvent[])[]): void {
  for (const [i, events] of streams.entries()) {
    const { tokens, text, reason, promptTokens } = undisturbed[i]!;
    expect(finishOf(events)).toMatchObject({ tokens, text, reason, promptTokens, completionTokens: tokens.length });
    expect(events.map((event) => (event.type === 'text' ? event.text : '')).join('')).toBe(text);
    expect(events.flatMap((event) => (event.type === 'round' ? event.tokens : []))).toEqual(tokens);
    expect(events.filter(({ type }) => type === 'start')).toHaveLength(1);
    expect(finishOf(events).route?.escalated !== undefined).toBe(REQUESTS[i]!.mode === 'auto');
  }
}

describe('streams of three kinds, greedy, with a seed, and of mode auto, strict', () => {
  it.each([1, 2])('are whole and the same when the engine is killed three times (%i)', async (seed) => {
    expectUndisturbed(await disturbed('SIGKILL', 3, seed));
  });

  it('are whole and the same when the engine aborts by itself', async () => {
    expectUndisturbed(await disturbed('SIGABRT', 1, 3));
  });

  it('are whole and the same when the engine stops answering', async () => {
    expectUndisturbed(await disturbed('SIGSTOP', 1, 4));
    expect(deaths.at(-1)).toBe('it gave no sign of life for 2 s');
    expect(await service.status()).toMatchObject({ state: 'ready', reason: undefined });
  });
});

it('is loaded anew where it is stopped while it loads, at first and when it comes back', async () => {
  const stopping = ['--import', pathToFileURL(sources.path('engine/service/testing/stop-in-load.ts')).href];
  const fates: ('stops' | 'loads')[] = ['stops', 'loads', 'stops', 'loads'];
  const ends: string[] = [];
  const other = await superviseEngine({
    spawn: () =>
      fork(sources.path('cli/engine-process.ts'), ['--learn-anew'], {
        serialization: 'advanced',
        execArgv: fates.shift() === 'stops' ? stopping : [],
      }),
    engine: { target: MAIN, drafts: [DRAFT], contextSize: 512, strict: true, ...TEST_THREADS },
    onDeath: (reason) => ends.push(reason),
    // Long enough for a process to start on a busy machine.
    hangMs: 3 * HANG_MS,
    now: () => performance.now(),
  });
  try {
    expect(ends).toEqual(['it gave no sign of life for 6 s']);
    let text = '';
    for await (const event of other.generate(REQUESTS[0]!)) {
      if (event.type !== 'text') continue;
      if (text === '') process.kill((await other.status()).pid, 'SIGKILL');
      text += event.text;
    }
    expect(text).toBe(undisturbed[0]!.text);
    expect(ends).toEqual(['it gave no sign of life for 6 s', 'killed by SIGKILL', 'it gave no sign of life for 6 s']);
    expect(await other.status()).toMatchObject({ state: 'ready', reason: undefined, restarts: 3 });
  } finally {
    await other.close();
  }
});

it('a library starts such an engine with one call', async () => {
  const options = { target: MAIN, drafts: [DRAFT], contextSize: 512, strict: true, ...TEST_THREADS };
  const program = `
    import { startEngine } from ${JSON.stringify(pathToFileURL(sources.path('index.ts')))};
    const engine = await startEngine(${JSON.stringify(options)});
    for await (const event of engine.generate(${JSON.stringify(REQUESTS[0])})) {
      if (event.type === 'text') process.stdout.write(event.text);
    }
    await engine.close();
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program]);
  expect(stdout).toBe(undisturbed[0]!.text);
});
