// @ts-check
/** Servers that are measured against each other: Outrider's and llama.cpp's on the same files, asleep until their turn. */
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { argvOf } from '../dist/bench/peers/llama-server.js';
import { ServerProcess } from '../dist/bench/peers/server-process.js';
import { eventsOf, startServer } from './served.js';

/**
 * @typedef {object} Rival
 * @property {string} name
 * @property {number | undefined} threads of the target and the draft each; undefined: its own choice
 * @property {string} url
 * @property {() => void} pause
 * @property {() => void} resume
 * @property {() => Promise<void>} close
 */

/**
 * What is served, how many requests at once, each with the whole context.
 * @typedef {{ target: string, draft: string, contextSize: number, slots: number }} Serving
 */

/** Rows of a pass, as Outrider's. */
const BATCH = ['-b', '512', '-ub', '512'];
const START_MS = 300_000;
/** A program that slept first does what it would have done in idle time: a runtime collects its garbage then. */
const WAKE_MS = 300;

/** @param {Serving} serving @param {number | undefined} threads @returns {Promise<Rival>} */
export async function startOutrider({ target, draft, contextSize, slots }, threads) {
  const server = await startServer([
    ...['--model', target, '--model-draft', draft, '--ctx-size', String(contextSize), '--parallel', String(slots)],
    ...['--cache-ram', '0'],
    ...(threads === undefined ? [] : ['--threads', String(threads), '--threads-draft', String(threads)]),
  ]);
  const { pid: engine } = await server.status();
  const rival = {
    name: 'outrider',
    threads,
    url: server.url,
    pause: () => {
      // The supervisor first: it must not take a sleeping engine for one that hangs.
      process.kill(server.pid, 'SIGSTOP');
      process.kill(engine, 'SIGSTOP');
    },
    resume: () => {
      process.kill(engine, 'SIGCONT');
      process.kill(server.pid, 'SIGCONT');
    },
    close: () => {
      rival.resume();
      return server.stop();
    },
  };
  rival.pause();
  return rival;
}

/**
 * @param {Serving} serving
 * @param {{ program: string, libraries: string, setting: 'plain' | 'default', unified: boolean, threads: number }} options
 * @returns {Promise<Rival>}
 */
export async function startLlamaServer({ slots, ...models }, { program, libraries, setting, unified, threads }) {
  const argv = [...argvOf(models, setting, threads, slots), ...BATCH, unified ? '--kv-unified' : '--no-kv-unified'];
  const server = await ServerProcess.start({
    program,
    argv: (port) => [...argv, '--port', String(port)],
    env: { ...process.env, LIBS: libraries },
    deadlineMs: START_MS,
    now: () => performance.now(),
  });
  server.pause();
  return {
    name: `llama-server ${setting === 'plain' ? 'plain' : 'drafting'}${unified ? ', unified cache' : ''}`,
    threads,
    url: server.url,
    pause: () => server.pause(),
    resume: () => server.resume(),
    close: () => server.close(),
  };
}

/**
 * What some requests at once came to: all tokens over all of the time, and when each had its first and its last.
 * @typedef {{ tokensPerSecond: number, firstTokenMs: number[], lastTokenMs: number[], tokens: number, drafted: number }} Load
 */

/**
 * Wakes a rival, sends it all prompts at once, greedy and without a cached beginning, and lets it sleep again.
 *
 * @param {Rival} rival
 * @param {readonly (readonly number[])[]} prompts tokens
 * @param {number} tokens of each answer
 * @returns {Promise<Load>}
 */
export async function load(rival, prompts, tokens) {
  rival.resume();
  try {
    await setTimeout(WAKE_MS);
    const began = performance.now();
    const answers = await Promise.all(prompts.map((prompt) => answer(rival, prompt, tokens)));
    const ms = performance.now() - began;
    const written = answers.reduce((sum, { predicted }) => sum + predicted, 0);
    return {
      tokensPerSecond: (1000 * written) / ms,
      firstTokenMs: answers.map(({ firstMs }) => firstMs),
      lastTokenMs: answers.map(({ lastMs }) => lastMs),
      tokens: written,
      drafted: answers.reduce((sum, { drafted }) => sum + drafted, 0),
    };
  } finally {
    rival.pause();
  }
}

/**
 * A connection of its own: one that was kept while its server slept counts as timed out there.
 * @param {string} url
 * @param {object} body
 * @returns {Promise<Response>}
 */
function post(url, body) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent: false }, (incoming) => {
      const stream = /** @type {ReadableStream<Uint8Array>} */ (Readable.toWeb(incoming));
      resolve(new Response(stream, { status: incoming.statusCode ?? 0 }));
    });
    sent.once('error', reject);
    sent.end(JSON.stringify(body));
  });
}

/** @param {Rival} rival @param {readonly number[]} prompt @param {number} tokens */
async function answer({ name, url }, prompt, tokens) {
  const body = { prompt, n_predict: tokens, temperature: 0, ignore_eos: true, cache_prompt: false, stream: true };
  const began = performance.now();
  const response = await post(`${url}/completion`, body);
  if (response.status !== 200) throw new Error(`${name} answered ${response.status}: ${await response.text()}`);
  let firstMs = Number.NaN;
  for await (const data of eventsOf(response)) {
    const event = JSON.parse(data);
    if (event.error !== undefined) throw new Error(`${name} failed: ${data}`);
    const ms = performance.now() - began;
    if (Number.isNaN(firstMs)) firstMs = ms;
    if (event.stop) {
      return { firstMs, lastMs: ms, predicted: event.tokens_predicted, drafted: event.timings.draft_n ?? 0 };
    }
  }
  throw new Error(`${name} ended a stream without its last event`);
}
