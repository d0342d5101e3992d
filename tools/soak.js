#!/usr/bin/env node
// @ts-check
/**
 * A thousand requests of every dialect, sixteen at a time, some of them wrong and a tenth cancelled: every other one gets
 * a whole answer, the one that it gets when it is alone (the server runs with --strict), and memory stays flat. The exit
 * code says whether that held; figures are for docs/measurements.md.
 * Usage: node tools/soak.js [--requests N] [--at-once N] [--parallel N] [--seed N] [--threads N] [--json]
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sequentialRandom } from '../dist/index.js';
import { eventsOf, startServer } from './served.js';
import { kinds, REFUSED } from './soak-requests.js';

/** @typedef {import('./soak-requests.js').Said} Said */
/** @typedef {import('./soak-requests.js').Kind} Kind */

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000' },
    'at-once': { type: 'string', default: '16' },
    parallel: { type: 'string', default: '16' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const requests = Number(values.requests);
const random = sequentialRandom(Number(values.seed));

/** Some of them are over before their cancellation comes. */
const CANCELLED = 0.12;
const WRONG = 0.08;
/** The warm-up: caches fill and code is compiled. */
const WARM = 0.2;
/** Memory is judged where there is enough behind the warm-up: medians at its end and at the end may differ so much. */
const JUDGED_REQUESTS = 500;
const MOST_GROWTH = 0.1;
/** Node measures the delay by a timer of so many milliseconds and counts them in. */
const TIMER_MS = 100;

const model = (/** @type {string} */ name) => fileURLToPath(new URL(`../models/${name}`, import.meta.url));
const server = await startServer([
  ...['--model', model('main-q8_0.gguf'), '--model-draft', model('draft-q8_0.gguf'), '--strict'],
  ...['--ctx-size', '512', '--parallel', values.parallel, '--cache-ram', '32'],
  ...(values.threads === undefined ? [] : ['--threads', values.threads, '--threads-draft', values.threads]),
]);
const { pid: enginePid } = await server.status();

const counts = { whole: 0, equal: 0, free: 0, refused: 0, cancelled: 0, cancelledTooLate: 0 };
/** @type {string[]} */
const faults = [];
/** Resident memory of both processes in MiB, by the requests that were over. @type {{ server: number, engine: number }[]} */
const memory = [];

const pool = kinds(Math.max(20, Math.round(requests / 10)), random);
/** @type {Map<Kind, Said>} */
const alone = new Map();
for (const kind of pool) if (kind.isRepeatable) alone.set(kind, await ask(kind, false));

const began = performance.now();
let started = 0;
let over = 0;
await Promise.all(Array.from({ length: Number(values['at-once']) }, lane));
const seconds = (performance.now() - began) / 1000;
const { pid, running, queued, restarts } = await idle();
if (running + queued > 0) faults.push(`${running} requests run and ${queued} wait when all are over`);
if (pid !== enginePid) faults.push(`the engine was restarted ${restarts} times`);
const delay = await streamsDelay();
await server.stop();
report();

async function lane() {
  while (started < requests) {
    started += 1;
    try {
      await (random() < WRONG ? refused() : asked());
    } catch (error) {
      faults.push(/** @type {Error} */ (error).message);
    }
    over += 1;
    if (over % Math.ceil(requests / 50) === 0) {
      memory.push({ server: resident(server.pid), engine: resident(enginePid) });
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${over} of ${requests}`);
    }
  }
}

async function refused() {
  const { path, body, status } = /** @type {typeof REFUSED[number]} */ (REFUSED[Math.floor(random() * REFUSED.length)]);
  const response = await server.post(path, body);
  const answer = await response.text();
  if (response.status !== status) throw new Error(`${path}: expected ${status}, got ${response.status}: ${answer}`);
  JSON.parse(answer);
  counts.refused += 1;
}

async function asked() {
  const kind = /** @type {Kind} */ (pool[Math.floor(random() * pool.length)]);
  const cancel = random() < CANCELLED ? cancelAtRandom() : undefined;
  /** @type {Said} */
  let said;
  try {
    said = await ask(kind, cancel?.needsStream || random() < 0.5, cancel);
  } catch (error) {
    if (!cancel?.signal.aborted) throw new Error(`${kind.name}: ${/** @type {Error} */ (error).message}`);
    counts.cancelled += 1;
    return;
  }
  if (cancel) counts.cancelledTooLate += 1;
  counts.whole += 1;
  const expected = alone.get(kind);
  if (expected === undefined) counts.free += 1;
  else if (isSame(said, expected)) counts.equal += 1;
  else throw new Error(`${kind.name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(said)}`);
}

/** Before any answer, some time later, or behind some events of a stream. */
function cancelAtRandom() {
  const abort = new AbortController();
  const stage = random();
  let events = stage < 0.5 ? Number.POSITIVE_INFINITY : 1 + Math.floor(6 * random());
  if (stage < 0.5) setTimeout(() => abort.abort(), stage < 0.2 ? 0 : 100 * random());
  const onEvent = () => {
    events -= 1;
    if (events === 0) abort.abort();
  };
  return { signal: abort.signal, onEvent, needsStream: stage >= 0.5 };
}

/** @param {Kind} kind @param {boolean} stream @param {ReturnType<typeof cancelAtRandom>} [cancel] */
async function ask(kind, stream, cancel) {
  const { path, body } = kind.request(stream);
  const response = await server.post(path, body, cancel?.signal);
  if (response.status !== 200) throw new Error(`status ${response.status}: ${await response.text()}`);
  return kind.read(response, cancel?.onEvent ?? (() => {}));
}

/** @param {Said} said @param {Said} expected */
function isSame(said, expected) {
  if (said.text !== expected.text || said.finish !== expected.finish) return false;
  return said.logprobs.length === 0 || said.logprobs.join() === expected.logprobs.join();
}

/** The engine once it has heard of the last cancellations. */
async function idle() {
  for (let looks = 0; looks < 100; looks++) {
    const status = await server.status();
    if (status.running + status.queued === 0) return status;
    await sleep(20);
  }
  return server.status();
}

/** Resident memory of a process in MiB; NaN where the system does not tell it as Linux does. @param {number} pid */
function resident(pid) {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** The 99th percentile of the server's event-loop delay in milliseconds while sixteen long streams run. */
async function streamsDelay() {
  const delay = async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return 1000 * Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1]) - TIMER_MS;
  };
  // Each reading begins a new measurement.
  await delay();
  await Promise.all(
    Array.from({ length: 16 }, async (_, i) => {
      const body = { prompt: `Once upon a time there were ${i}`, n_predict: 200, ignore_eos: true, stream: true };
      for await (const _ of eventsOf(await server.post('/completion', body)));
    }),
  );
  return delay();
}

function report() {
  const at = (/** @type {number} */ share) =>
    /** @type {typeof memory[number]} */ (memory[Math.round(share * (memory.length - 1))]);
  /** @param {'server' | 'engine'} of */
  const growth = (of) => {
    const median = (/** @type {number} */ from, /** @type {number} */ to) => {
      const part = memory.slice(Math.floor(from * memory.length), Math.ceil(to * memory.length)).map((m) => m[of]);
      return /** @type {number} */ (part.sort((a, b) => a - b)[Math.floor(part.length / 2)]);
    };
    return median(0.8, 1) / median(WARM, 2 * WARM) - 1;
  };
  const grown = { server: growth('server'), engine: growth('engine') };
  for (const of of /** @type {const} */ (['server', 'engine'])) {
    if (requests >= JUDGED_REQUESTS && grown[of] > MOST_GROWTH)
      faults.push(`the memory of the ${of} grew by ${grown[of]}`);
  }
  const residentMiB = { 'at 20 %': at(0.2), 'at 60 %': at(0.6), 'at the end': at(1) };
  const figures = { requests, seconds, ...counts, residentMiB, grown, eventLoopDelayMs: delay, faults };
  if (values.json) console.log(JSON.stringify(figures, null, 1));
  else {
    const { whole, equal, free, cancelled, cancelledTooLate } = counts;
    console.log(`${requests} requests in ${seconds.toFixed(0)} s, ${values['at-once']} at a time`);
    console.log(
      `${whole} whole answers: ${equal} as when alone, ${free} of which that is not expected; ${counts.refused} refused`,
    );
    console.log(`${cancelled} cancelled, ${cancelledTooLate} too late`);
    for (const [when, { server: mine, engine }] of Object.entries(residentMiB)) {
      console.log(`resident ${when}: server ${mine.toFixed(0)} MiB, engine ${engine.toFixed(0)} MiB`);
    }
    console.log(`event-loop delay of the server, 16 streams: p99 ${delay.toFixed(1)} ms`);
    for (const fault of faults) console.log(`FAULT: ${fault}`);
  }
  process.exitCode = faults.length === 0 ? 0 : 1;
}
