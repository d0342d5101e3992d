// @ts-check
/** Streams of the real engine, recorded with their times, so that they can be shown to the page without it. */
import { eventsOf, startServer } from './served.js';

/**
 * One event of a stream, and when it came, in milliseconds since the first of all.
 * @typedef {readonly [at: number, data: string]} Recorded
 */

/**
 * What a server answered, as text.
 * @typedef {object} Recording
 * @property {readonly (readonly Recorded[])[]} answers the events of POST /api/outrider/generate, a stream each
 * @property {readonly Recorded[]} rounds those of GET /api/outrider/rounds meanwhile
 * @property {Readonly<Record<string, string>>} documents by path
 */

const DOCUMENTS = ['/health', '/api/outrider/pair', '/api/outrider/status', '/api/outrider/costs'];
const QUESTIONS = [
  'Count from 1 to 200.',
  'Tell me a story about a small dog.',
  'Write the alphabet, one letter a line.',
  'Tell me a story about the sea.',
];

/**
 * So many requests to the embedded pair at once.
 * @param {number} count
 * @returns {Promise<Recording>}
 */
export async function record(count) {
  const server = await startServer(['--parallel', String(count), '-c', '512']);
  const stop = new AbortController();
  const began = performance.now();
  /** @type {Recorded[]} */
  const rounds = [];
  const watching = fetch(`${server.url}/api/outrider/rounds`, { signal: stop.signal })
    .then((response) => recordTo(rounds, response, began))
    .catch(() => {});
  const answers = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const content = QUESTIONS[i % QUESTIONS.length];
      const body = {
        messages: [{ role: 'user', content }],
        max_tokens: 128,
        ignore_eos: true,
        temperature: 0.8,
        seed: i,
      };
      return recordTo([], await server.post('/api/outrider/generate', body), began);
    }),
  );
  /** @type {Record<string, string>} */
  const documents = {};
  for (const path of DOCUMENTS) documents[path] = await (await fetch(server.url + path)).text();
  stop.abort();
  await watching;
  await server.stop();
  return { answers, rounds, documents };
}

/**
 * @param {Recorded[]} recorded
 * @param {Response} response
 * @param {number} began
 */
async function recordTo(recorded, response, began) {
  for await (const data of eventsOf(response)) recorded.push([performance.now() - began, data]);
  return recorded;
}

/**
 * A long answer, made of the tokens of a recorded one over and over, at an even pace.
 * @param {readonly Recorded[]} answer
 * @param {number} tokens
 * @param {number} perSecond
 * @returns {readonly Recorded[]}
 */
export function prolonged(answer, tokens, perSecond) {
  const data = answer.map(([, one]) => one);
  const ofType = (/** @type {string} */ type) => data.filter((one) => JSON.parse(one).type === type);
  const head = data.slice(
    0,
    data.findIndex((one) => JSON.parse(one).type === 'round'),
  );
  const body = data.filter((one) => ['round', 'text'].includes(JSON.parse(one).type));
  /** @type {Recorded[]} */
  const long = head.map((one) => [0, one]);
  for (let written = 0, i = 0; written < tokens; i++) {
    const one = body[i % body.length] ?? '';
    long.push([(written / perSecond) * 1000, one]);
    const event = JSON.parse(one);
    if (event.type === 'text') written += event.tokens.length;
  }
  return [...long, ...ofType('finish').map((one) => /** @type {const} */ ([(tokens / perSecond) * 1000, one]))];
}
