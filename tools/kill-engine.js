#!/usr/bin/env node
// @ts-check
/**
 * Kills the engine of a server at random moments of four streams, two greedy and two with a seed, and looks at what their
 * readers got: whole streams, no 5xx, and the text of a run without kills. With --strict bit for bit; without it texts may
 * part where two tokens were nearly as good. The exit code says whether all of that held.
 * Usage: node tools/kill-engine.js [--kills N] [--strict] [--seed N] [--tokens N] [--threads N] [--json]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { positionNoise, sequentialRandom } from '../dist/index.js';
import { eventsOf, startServer } from './served.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    strict: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    tokens: { type: 'string', default: '400' },
    threads: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const kills = Number(values.kills);
const random = sequentialRandom(Number(values.seed));

/** Beyond this difference of what decides between two tokens (logits over temperature plus noise), it was no near-tie. */
const NEAR = 0.5;
/** The next kill comes within so many milliseconds. */
const LONGEST_GAP_MS = 2_000;
/** Of all kills this share waits for the engine to be ready: the others mostly hit it while it loads. */
const IN_FLIGHT = 0.8;

const model = (/** @type {string} */ name) => fileURLToPath(new URL(`../models/${name}`, import.meta.url));
const server = await startServer([
  ...['--model', model('main-q8_0.gguf'), '--model-draft', model('draft-q8_0.gguf')],
  ...['--ctx-size', '1024', '--parallel', '4'],
  ...(values.strict ? ['--strict'] : []),
  ...(values.threads === undefined ? [] : ['--threads', values.threads, '--threads-draft', values.threads]),
]);

/** Sets of four requests that run beside each other. */
const SETS = ['Once upon a time there was', 'The quick brown fox', '1, 2, 3, 4,'].map((prompt, set) =>
  [0, 0, 0.8, 1].map((temperature, i) => ({
    prompt: `${prompt} ${['a', 'the', 'one', 'no'][i]}`,
    n_predict: Number(values.tokens),
    ignore_eos: true,
    temperature,
    seed: 10 * set + i,
    // The law is softmax over temperature and nothing else, so that margins are what the noise decided by.
    ...{ top_k: 0, top_p: 1, min_p: 0 },
    n_probs: 1,
    stream: true,
  })),
);
/** @typedef {(typeof SETS)[number][number]} Request */
/** @typedef {{ id: number, logprob: number }} Probability */
/** @typedef {{ text: string, tokens: number[], probabilities: Probability[], promptTokens: number }} Answer */

/** Streams that run, and tokens that each of them has so far. @type {Map<number, number>} */
const running = new Map();
/** @type {string[]} */
const faults = [];
/** State of the engine and tokens of the slowest stream at each kill. @type {{ state: string, tokens: number }[]} */
const moments = [];
let streams = 0;
let equal = 0;
/** @type {object[]} */
const partings = [];
let firstTokens = 0;

/** @type {(Answer | undefined)[][]} */
const undisturbed = [];
for (const set of SETS) undisturbed.push(await Promise.all(set.map(answer)));

const killer = killAtRandom();
while (moments.length < kills) {
  const set = streams % SETS.length;
  const answers = await Promise.all(/** @type {Request[]} */ (SETS[set]).map(answer));
  answers.forEach((disturbed, i) => {
    compare(/** @type {Request} */ (SETS[set]?.[i]), /** @type {Answer} */ (undisturbed[set]?.[i]), disturbed);
  });
  streams += 1;
  note(`${moments.length} of ${kills} kills`);
}
await killer;
note('');
const { restarts } = await server.status();
await server.stop();
report();

/** @param {Request} request @returns {Promise<Answer | undefined>} */
async function answer(request) {
  const id = firstTokens++;
  running.set(id, 0);
  try {
    const response = await server.post('/completion', request);
    if (response.status !== 200) throw new Error(`status ${response.status}: ${await response.text()}`);
    /** @type {Answer} */
    const got = { text: '', tokens: [], probabilities: [], promptTokens: 0 };
    let isWhole = false;
    for await (const data of eventsOf(response)) {
      const event = JSON.parse(data);
      if (event.error !== undefined) throw new Error(`error event: ${data}`);
      if (isWhole) throw new Error('an event behind the last one');
      got.text += event.content;
      got.tokens.push(...event.tokens);
      got.probabilities.push(...(event.completion_probabilities ?? []));
      running.set(id, got.probabilities.length);
      if (!event.stop) continue;
      isWhole = true;
      got.promptTokens = event.tokens_evaluated;
      if (event.stop_type !== 'limit' || event.tokens_predicted !== request.n_predict) {
        throw new Error(`it ended with ${event.stop_type} after ${event.tokens_predicted} tokens`);
      }
    }
    if (!isWhole) throw new Error('the stream ended without its last event');
    return got;
  } catch (error) {
    faults.push(/** @type {Error} */ (error).message);
    return undefined;
  } finally {
    running.delete(id);
  }
}

async function killAtRandom() {
  while (moments.length < kills) {
    if (random() < IN_FLIGHT) while ((await server.status()).state !== 'ready') await sleep(10);
    await sleep(LONGEST_GAP_MS * random());
    const { pid, state } = await server.status();
    if (pid === 0 || running.size < 4) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended just now.
      continue;
    }
    moments.push({ state, tokens: Math.min(...running.values()) });
  }
}

/** @param {Request} request @param {Answer} expected @param {Answer | undefined} got */
function compare(request, expected, got) {
  if (got === undefined) return;
  const ids = got.probabilities.map(({ id }) => id);
  if (ids.join() !== got.tokens.join())
    faults.push('the tokens of the stream are not those that it tells probabilities of');
  if (got.tokens.length !== request.n_predict) faults.push(`the stream has ${got.tokens.length} tokens`);
  const after = got.tokens.findIndex((token, i) => token !== expected.tokens[i]);
  if (after < 0 && got.text === expected.text) {
    equal += 1;
    return;
  }
  if (values.strict || after < 0) faults.push(`another text, from token ${after} on, of ${JSON.stringify(request)}`);
  const one = /** @type {Probability} */ (expected.probabilities[after]);
  const other = /** @type {Probability} */ (got.probabilities[after]);
  const noise = positionNoise(request.seed);
  const score = (/** @type {Probability} */ { id, logprob }) =>
    request.temperature > 0
      ? logprob / request.temperature - Math.log(noise.exponential(expected.promptTokens + after, id))
      : logprob;
  const margin = Math.abs(score(one) - score(other));
  const probabilities = [one, other].map(({ logprob }) => Number(Math.exp(logprob).toFixed(4)));
  partings.push({ temperature: request.temperature, after, probabilities, margin: Number(margin.toFixed(4)) });
  if (!(margin < NEAR)) faults.push(`parted after ${after} tokens where ${margin} lay between the two`);
}

/** @param {string} text */
function note(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function report() {
  const loading = moments.filter(({ state }) => state !== 'ready').length;
  const figures = {
    strict: values.strict,
    kills: moments.length,
    whileLoading: loading,
    restarts,
    streams: 4 * streams,
    equal,
    partings,
    faults,
  };
  if (values.json) console.log(JSON.stringify(figures, null, 1));
  else {
    console.log(
      `${figures.kills} kills (${loading} while the engine came back), ${restarts} restarts, ${figures.streams} streams`,
    );
    console.log(`${equal} texts equal to those of the run without kills, ${partings.length} part from them`);
    for (const parting of partings) console.log(`  ${JSON.stringify(parting)}`);
    for (const fault of faults) console.log(`FAULT: ${fault}`);
  }
  process.exitCode = faults.length === 0 ? 0 : 1;
}
