// @ts-check
/** Requests of every dialect for a soak, each with what its answer says in a form that can be compared. */
import { eventsOf } from './served.js';

/**
 * What an answer said, streamed or not.
 * @typedef {object} Said
 * @property {string} text
 * @property {string | null | undefined} finish
 * @property {number[]} logprobs of each token, where they were asked for and the answer came as a whole
 */

/**
 * @typedef {object} Kind
 * @property {string} name
 * @property {boolean} isRepeatable the same text every time, in whatever company
 * @property {(stream: boolean) => { path: string, body: object }} request
 * @property {(response: Response, onEvent: () => void) => Promise<Said>} read
 */

/** @typedef {{ path: string, body: object, status: number }} Refused */

/** Answers are read field by field. @typedef {any} Json */

/**
 * @typedef {object} Wishes
 * @property {string} text
 * @property {number} tokens
 * @property {number} temperature
 * @property {number | undefined} seed
 * @property {string[]} stop
 * @property {boolean} logprobs
 * @property {object} speculative
 */

/** How each dialect asks for the same, and where its answers have it. */
const DIALECTS = {
  chat: {
    request: (/** @type {Wishes} */ wishes, /** @type {boolean} */ stream) => ({
      path: '/v1/chat/completions',
      body: { ...openai(wishes, stream), messages: [{ role: 'user', content: wishes.text }] },
    }),
    whole: (/** @type {Json} */ { choices: [choice] }) => ({
      text: choice.message.content,
      finish: choice.finish_reason,
      logprobs: (choice.logprobs?.content ?? []).map((/** @type {Json} */ { logprob }) => logprob),
    }),
    piece: (/** @type {Json} */ { choices: [choice] }) => ({
      text: choice?.delta.content ?? '',
      finish: choice?.finish_reason,
    }),
  },
  completions: {
    request: (/** @type {Wishes} */ wishes, /** @type {boolean} */ stream) => ({
      path: '/v1/completions',
      body: { ...openai(wishes, stream), prompt: wishes.text, logprobs: wishes.logprobs ? 3 : null },
    }),
    whole: (/** @type {Json} */ { choices: [choice] }) => ({
      text: choice.text,
      finish: choice.finish_reason,
      logprobs: choice.logprobs?.token_logprobs ?? [],
    }),
    piece: (/** @type {Json} */ { choices: [choice] }) => ({ text: choice?.text ?? '', finish: choice?.finish_reason }),
  },
  llamacpp: {
    request: (/** @type {Wishes} */ { text, tokens, logprobs, ...wishes }, /** @type {boolean} */ stream) => ({
      path: '/completion',
      body: { ...wishes, prompt: text, n_predict: tokens, n_probs: logprobs ? 3 : 0, stream },
    }),
    whole: (/** @type {Json} */ answer) => ({
      text: answer.content,
      finish: answer.stop_type,
      logprobs: (answer.completion_probabilities ?? []).map((/** @type {Json} */ { logprob }) => logprob),
    }),
    piece: (/** @type {Json} */ event) => ({ text: event.content, finish: event.stop_type }),
  },
  kobold: {
    request: (
      /** @type {Wishes} */ { text, tokens, seed, stop, logprobs: _, ...wishes },
      /** @type {boolean} */ stream,
    ) => ({
      path: stream ? '/api/extra/generate/stream' : '/api/v1/generate',
      body: { ...wishes, prompt: text, max_length: tokens, sampler_seed: seed, stop_sequence: stop },
    }),
    whole: (/** @type {Json} */ { results: [result] }) => ({
      text: result.text,
      finish: result.finish_reason,
      logprobs: [],
    }),
    piece: (/** @type {Json} */ event) => ({ text: event.token, finish: event.finish_reason }),
  },
};

/** @param {Wishes} wishes @param {boolean} stream */
function openai({ tokens, temperature, seed, stop, logprobs, speculative }, stream) {
  const asked = logprobs ? { logprobs: true, top_logprobs: 3 } : {};
  return { max_tokens: tokens, temperature, seed, stop, speculative, stream, ...asked };
}

const BEGINNINGS = [
  'Once upon a time there was',
  'The recipe for a soup needs',
  'Count from 1 to 20 and say',
  'In the morning the old sailor',
  'A list of colours:',
  'function add(a, b) {',
];
const SPECULATION = [{}, {}, { n_min: 6, n_max: 6 }, { mode: 'main' }, { mode: 'draft' }, { drafters: ['lookup'] }];

/**
 * Requests of all dialects. Each names a number, so that no other has its prompt.
 *
 * @param {number} count
 * @param {() => number} random
 * @returns {Kind[]}
 */
export function kinds(count, random) {
  const oneOf = (/** @type {readonly any[]} */ list) => list[Math.floor(random() * list.length)];
  return Array.from({ length: count }, (_, i) => {
    const dialect = /** @type {keyof typeof DIALECTS} */ (Object.keys(DIALECTS)[i % 4]);
    const temperature = oneOf([0, 0, 0.7, 1]);
    const speculative = oneOf(SPECULATION);
    const wishes = {
      text: `${'It was told before. '.repeat(oneOf([0, 1, 12]))}${oneOf(BEGINNINGS)} ${i} `,
      tokens: 8 + Math.floor(60 * random()),
      temperature,
      seed: temperature > 0 && random() < 0.2 ? undefined : 1 + i,
      stop: oneOf([[], [], ['.'], ['zebra', '\n\n']]),
      logprobs: random() < 0.25,
      speculative,
    };
    // The draft model's own passes are of whatever rows its company makes them: no promise is made of its bits.
    const isRepeatable = (temperature === 0 || wishes.seed !== undefined) && speculative.mode !== 'draft';
    return {
      name: `${dialect} ${i}`,
      isRepeatable,
      request: (stream) => DIALECTS[dialect].request(wishes, stream),
      read: (response, onEvent) => read(DIALECTS[dialect], response, onEvent),
    };
  });
}

/** @param {typeof DIALECTS[keyof typeof DIALECTS]} dialect @param {Response} response @param {() => void} onEvent */
async function read({ whole, piece }, response, onEvent) {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return whole(await response.json());
  /** @type {Said} */
  const said = { text: '', finish: undefined, logprobs: [] };
  for await (const data of eventsOf(response)) {
    onEvent();
    if (data === '[DONE]') continue;
    const event = JSON.parse(data);
    if (event.error !== undefined) throw new Error(`error event: ${data}`);
    const { text, finish } = piece(event);
    said.text += text;
    said.finish ??= finish ?? undefined;
  }
  if (said.finish === undefined) throw new Error('the stream ended without a reason to');
  return said;
}

const MESSAGES = [{ role: 'user', content: 'Hi' }];

/** What has to be refused, and how. @type {readonly Refused[]} */
export const REFUSED = [
  { path: '/v1/completions', body: { prompt: { no: 'text' } }, status: 400 },
  { path: '/v1/completions', body: { prompt: 'a', max_tokens: '16' }, status: 400 },
  { path: '/v1/completions', body: { prompt: 'word '.repeat(5000), stream: true }, status: 400 },
  { path: '/v1/chat/completions', body: { messages: 'Hi' }, status: 400 },
  { path: '/v1/chat/completions', body: { messages: MESSAGES, seed: 1.5 }, status: 400 },
  { path: '/v1/chat/completions', body: { messages: MESSAGES, temperature: -1, stream: true }, status: 400 },
  { path: '/completion', body: { prompt: 'a', speculative: { mode: 'fast' } }, status: 400 },
  { path: '/api/v1/generate', body: { prompt: 'a', max_length: 'many' }, status: 400 },
  { path: '/infill', body: { input_prefix: 'a' }, status: 501 },
  { path: '/v1/nothing', body: {}, status: 404 },
];
