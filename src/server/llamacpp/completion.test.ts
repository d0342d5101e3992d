import { describe, expect, test } from 'vitest';
import { OutriderError } from '../../errors.js';
import { openai } from '../openai/index.js';
import { eventsOf, type TestServerOptions, testServer } from '../testing/app.js';
import { FakeService, failsAfter, says } from '../testing/fake-service.js';
import { llamacpp } from './index.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any;

const serverOf = (options: TestServerOptions = {}) => testServer({ dialects: [llamacpp, openai], ...options });

const ask = async (body: object, server = serverOf()): Promise<Json> => {
  const response = await server.post('/completion', body);
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
};

describe('an answer', () => {
  test('has llama-server’s fields', async () => {
    const body = await ask({ prompt: 'Once', n_predict: 32, temperature: 0.5, seed: 7 });
    expect(body).toMatchObject({
      index: 0,
      content: 'Hello, world!',
      tokens: [],
      stop: true,
      model: 'main',
      tokens_predicted: 4,
      tokens_evaluated: 4,
      tokens_cached: 7,
      prompt: 'Once',
      has_new_line: false,
      truncated: false,
      stop_type: 'eos',
      stopping_word: '',
      generation_settings: { temperature: 0.5, seed: 7, n_predict: 32, n_probs: 0, stream: false },
      timings: { prompt_n: 4, cache_n: 0, predicted_n: 4, draft_n: 1, draft_n_accepted: 1 },
    });
    expect(body).not.toHaveProperty('completion_probabilities');
  });

  test.each([
    [{ stop: [', '] }, { content: 'Hello', stop_type: 'word', stopping_word: ', ', truncated: false }],
    [{ n_predict: 1 }, { content: 'Hello', stop_type: 'limit', stopping_word: '', truncated: false }],
    [{ n_predict: 0 }, { content: '', stop_type: 'limit', tokens_predicted: 0 }],
    [{ return_tokens: true }, { tokens: [100, 101, 102, 103] }],
  ])('%j ends as %j', async (fields, expected) => {
    expect(await ask({ prompt: 'Once', ...fields })).toMatchObject(expected);
  });

  test('is truncated where the context ended it', async () => {
    const service = new FakeService(async function* (request, signal) {
      for await (const event of says(['a'])(request, signal))
        yield event.type === 'finish' ? { ...event, reason: 'length' } : event;
    });
    expect(await ask({ prompt: 'Once' }, serverOf({ service }))).toMatchObject({ stop_type: 'limit', truncated: true });
  });

  test('says what was shifted and dropped, in the caches of target and drafts', async () => {
    const drafts = [{ model: 'draft', cachedTokens: 2, shifted: 1, evaluatedTokens: 9 }];
    const service = new FakeService(async function* (request, signal) {
      for await (const event of says(['a', 'b'])(request, signal))
        yield event.type === 'finish' ? { ...event, cachedTokens: 3, shifted: 2, dropped: 4, drafts } : event;
    });
    expect(await ask({ prompt: 'Once', n_keep: 2 }, serverOf({ service }))).toMatchObject({
      truncated: true,
      tokens_cached: 1,
      generation_settings: { n_keep: 2 },
      timings: { cache_n: 3, shifted: 2 },
      outrider: {
        shifted: 2,
        dropped: 4,
        drafts: [{ model: 'draft', cached_tokens: 2, shifted: 1, evaluated_tokens: 9 }],
      },
    });
  });

  test('has probabilities where they were asked for', async () => {
    const { completion_probabilities: probabilities } = await ask({ prompt: 'Once', n_probs: 2 });
    expect(probabilities).toHaveLength(4);
    expect(probabilities[0]).toMatchObject({ id: 100, token: 'Hello', logprob: -0.25 });
    expect(probabilities[0].top_logprobs).toHaveLength(2);
  });

  test('can be cut down to chosen fields', async () => {
    const response_fields = ['content', 'timings/predicted_n', 'timings/nothing', 'nothing'];
    expect(await ask({ prompt: 'Once', response_fields })).toEqual({
      content: 'Hello, world!',
      'timings/predicted_n': 4,
    });
  });

  test('to several prompts is a list', async () => {
    const answers = await ask({ prompt: ['a', [98]] });
    expect(answers.map(({ index, prompt }: Json) => [index, prompt])).toEqual([
      [0, 'a'],
      [1, 'b'],
    ]);
  });
});

test.each([
  [{ n_predict: -1 }, { maxTokens: undefined }],
  [{ n_predict: 5, max_tokens: 6 }, { maxTokens: 5 }],
  [{ seed: -1 }, { seed: undefined }],
  [{ seed: 9007199254740991 }, { seed: 9007199254740991 }],
  [{ ignore_eos: true }, { ignoreEndOfText: true }],
  [{ cache_prompt: false }, { cachePrompt: false }],
  [{ n_keep: -1 }, { keepTokens: 'prompt' }],
  [{ n_keep: 12 }, { keepTokens: 12, contextShift: undefined }],
  [
    { n_keep: null, context_shift: false },
    { keepTokens: undefined, contextShift: false },
  ],
  [{ n_probs: 0 }, { logprobs: undefined }],
  [{ n_probs: 3 }, { logprobs: 3 }],
  [{ samplers: ['top_k', 'temperature'], repeat_last_n: -1 }, { sampling: { penaltyRange: 'all' } }],
  [
    // SillyTavern's, of today and of 2024.
    { samplers: ['penalties', 'dry', 'top_k', 'typ_p', 'typical_p', 'xtc', 'adaptive_p', 'temperature'] },
    { sampling: { order: ['penalties', 'dry', 'top_k', 'typ_p', 'xtc', 'temperature'] } },
  ],
  [
    { samplers: ['top_k', 'tfs_z', 'typical_p', 'top_p', 'min_p', 'temperature'] },
    { sampling: { order: ['top_k', 'typ_p', 'top_p', 'min_p', 'temperature'] } },
  ],
  [{ samplers: 'kat' }, { sampling: { order: ['top_k', 'temperature'] } }],
  [
    { samplers: [], sampler_order: [0, 5] },
    { sampling: { order: ['dry', 'top_k', 'temperature', 'top_n_sigma', 'xtc'] } },
  ],
  [{ custom_token_bans: [5] }, { sampling: { logitBias: new Map([[5, Number.NEGATIVE_INFINITY]]) } }],
  [{ banned_strings: [''] }, { bannedStrings: undefined }],
  [{ banned_tokens: ['one'] }, { bannedStrings: ['one'] }],
  [{ adaptive_target: -0.01, top_a: 0.5 }, {}],
  [{ 'speculative.n_max': 4, 'speculative.p_min': 0.5 }, { draft: { max: 4, minConfidence: 0.5 } }],
  [{ 'speculative.leniency': 0.3 }, { draft: { leniency: 0.3 } }],
  [{ model: 'main:main' }, { mode: 'main' }],
])('%j asks the engine for %j', async (fields, expected) => {
  const server = serverOf();
  await ask({ prompt: 'Once', ...fields }, server);
  expect({ ...server.service.request }).toMatchObject(
    Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)),
  );
  for (const [name, value] of Object.entries(expected))
    if (value === undefined) expect(server.service.request).not.toHaveProperty(name);
});

describe('a stream', () => {
  test('ends with the answer and without a mark', async () => {
    const response = await serverOf().post('/completions', { prompt: 'Once', stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = (await eventsOf(response)) as Json[];
    expect(events.map(({ content, tokens, stop }) => [content, tokens, stop])).toEqual([
      ['Hello', [100], false],
      [', ', [101], false],
      ['world', [102], false],
      ['!', [103], false],
      ['', [], true],
    ]);
    expect(events[0]).toMatchObject({ index: 0, tokens_evaluated: 4, tokens_predicted: 1 });
    expect(events.at(-1)).toMatchObject({ stop_type: 'eos', timings: { predicted_n: 4 } });
  });

  test('of tokens has its text before the engine says what they are', async () => {
    const service = new FakeService();
    let tell = (_: readonly Uint8Array[]): void => {};
    service.pieces = () => new Promise((resolve) => (tell = resolve));
    const response = await serverOf({ service }).post('/completion', { prompt: [72, 105], stream: true });
    expect(response.status).toBe(200);
    tell([Uint8Array.of(72), Uint8Array.of(105)]);
    expect(((await eventsOf(response)) as Json[]).at(-1)).toMatchObject({ prompt: 'Hi', stop: true });
  });

  test('has the probabilities of a piece with it', async () => {
    const events = (await eventsOf(
      await serverOf().post('/completion', { prompt: 'a', stream: true, n_probs: 1 }),
    )) as Json[];
    expect(events.map(({ completion_probabilities: list }) => list?.[0].token)).toEqual([
      'Hello',
      ', ',
      'world',
      '!',
      undefined,
    ]);
  });

  test('tells of an error and ends', async () => {
    const service = new FakeService(failsAfter(['a'], new OutriderError('engine_died', 'it died')));
    const events = (await eventsOf(
      await serverOf({ service }).post('/completion', { prompt: 'a', stream: true }),
    )) as Json[];
    expect(events.at(-1)).toMatchObject({ error: { code: 500, type: 'server_error' } });
  });
});

describe('refusals', () => {
  test.each([
    [{}, 'prompt'],
    [{ prompt: [] }, 'prompt'],
    [{ prompt: 'a', n_predict: -2 }, 'n_predict'],
    [{ prompt: 'a', n_predict: '5' }, 'n_predict'],
    [{ prompt: 'a', seed: -2 }, 'seed'],
    [{ prompt: 'a', n_probs: 21 }, 'n_probs'],
    [{ prompt: 'a', grammar: 'root ::= "a"' }, 'grammar'],
    [{ prompt: 'a', post_sampling_probs: true }, 'post_sampling_probs'],
    [{ prompt: 'a', t_max_predict_ms: 5 }, 't_max_predict_ms'],
    [{ prompt: 'a', adaptive_target: 0.5 }, 'adaptive_target'],
    [{ prompt: 'a', samplers: ['adaptive_p'] }, 'adaptive_p'],
    [{ prompt: 'a', lora: [{ id: 0, scale: 1 }] }, 'lora'],
    [{ prompt: ['a', 'b'], n_cmpl: 100 }, 'n_cmpl'],
  ])('%j', async (body, field) => {
    const response = await serverOf().post('/completion', body);
    const { error } = (await response.json()) as Json;
    expect([response.status, error.type]).toEqual([400, 'invalid_request_error']);
    expect(error.message).toContain(field);
  });

  test('a prompt beyond the context is refused before a stream begins', async () => {
    const server = serverOf({ service: new FakeService(says([]), { contextSize: 4 }) });
    const response = await server.post('/completion', { prompt: 'too long', stream: true });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: 400, type: 'exceed_context_size_error', n_prompt_tokens: 8, n_ctx: 4 },
    });
  });

  test('routes that are not served say so', async () => {
    const response = await serverOf().post('/infill', {});
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({ error: { type: 'not_supported_error' } });
  });
});
