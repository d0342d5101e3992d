import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { OutriderError } from '../../errors.js';
import { FakeService, failsAfter, says } from '../testing/fake-service.js';
import { GENERATE, type Json, json, testServer } from './testing/server.js';

const STREAM = '/api/extra/generate/stream';

/** What KoboldAI Lite sends with its default settings. */
const LITE = {
  n: 1,
  max_context_length: 2048,
  max_length: 8,
  rep_pen: 1.07,
  temperature: 0.75,
  top_p: 0.92,
  top_k: 100,
  top_a: 0,
  typical: 1,
  tfs: 1,
  rep_pen_range: 360,
  rep_pen_slope: 0.7,
  sampler_order: [6, 0, 1, 3, 4, 2, 5],
  memory: '',
  trim_stop: true,
  genkey: 'KCPP1234',
  min_p: 0,
  dynatemp_range: 0,
  dynatemp_exponent: 1,
  smoothing_factor: 0,
  nsigma: 0,
  banned_tokens: [],
  render_special: false,
  logprobs: false,
  replace_instruct_placeholders: true,
  presence_penalty: 0,
  logit_bias: {},
  adaptive_target: -1,
  adaptive_decay: 0.9,
  stop_sequence: ['\nUser:'],
  use_default_badwordsids: false,
  bypass_eos: false,
  prompt: 'Hi',
  quiet: true,
};

/** How the text was written, as every dialect tells it. */
const REPORT = expect.objectContaining({ mode: 'speculative', seed: 4711 });

describe('generate', () => {
  test('answers what KoboldAI Lite asks', async () => {
    const server = testServer();
    const body = await json(server.post(GENERATE, LITE));
    expect(body).toEqual({
      results: [
        {
          text: 'Hello, world!',
          finish_reason: 'stop',
          logprobs: null,
          prompt_tokens: 2,
          completion_tokens: expect.any(Number),
          tool_calls: [],
          outrider: REPORT,
        },
      ],
    });
    expect(server.service.request).toEqual({
      mode: 'speculative',
      prompt: { tokens: [72, 105] },
      maxTokens: 8,
      stop: ['\nUser:'],
      sampling: {
        temperature: 0.75,
        topP: 0.92,
        topK: 100,
        typicalP: 1,
        repeatPenalty: 1.07,
        penaltyRange: 360,
        minP: 0,
        dynatempRange: 0,
        dynatempExponent: 1,
        topNSigma: 0,
        presencePenalty: 0,
        order: ['dry', 'penalties', 'top_k', 'typ_p', 'top_p', 'min_p', 'temperature', 'top_n_sigma', 'xtc'],
      },
    });
  });

  test('maps bans, seed, speculation and the end of text', async () => {
    const server = testServer();
    await json(
      server.post('/api/latest/generate', {
        prompt: 'a',
        sampler_seed: 4294967303,
        banned_tokens: ['one', ''],
        banned_strings: ['two'],
        custom_token_bans: '5, 6',
        logit_bias: { 7: 1 },
        ban_eos_token: true,
        logprobs: true,
        speculative: { n_max: 4 },
      }),
    );
    expect(server.service.request).toEqual({
      mode: 'speculative',
      prompt: { tokens: [97] },
      maxTokens: 512,
      seed: 4294967303,
      bannedStrings: ['one', 'two'],
      ignoreEndOfText: true,
      logprobs: 5,
      draft: { max: 4 },
      sampling: {
        logitBias: new Map([
          [7, 1],
          [5, Number.NEGATIVE_INFINITY],
          [6, Number.NEGATIVE_INFINITY],
        ]),
      },
    });
  });

  test('takes what SillyTavern sends for what is off', async () => {
    const off = { adaptive_target: -0.01, guidance_scale: 1, negative_prompt: 'none of this', grammar: '', images: [] };
    await json(testServer().post(GENERATE, { ...LITE, ...off }));
  });

  test.each([
    [0, 'all'],
    [-1, 'all'],
    [320, 320],
  ])('DRY looks back over %s: %s', async (dry_penalty_last_n, range) => {
    const server = testServer();
    await json(server.post(GENERATE, { prompt: 'a', dry_penalty_last_n }));
    expect(server.service.request.sampling).toEqual({ dryRange: range });
  });

  test.each([-1, 0, null, undefined])('seed %s is random', async (sampler_seed) => {
    const server = testServer();
    await json(server.post(GENERATE, { prompt: 'a', sampler_seed }));
    expect(server.service.request).not.toHaveProperty('seed');
  });

  test.each([
    [true, 'Hello, '],
    [undefined, 'Hello, '],
    [false, 'Hello, wor'],
  ])('trim_stop %s', async (trim_stop, text) => {
    const server = testServer();
    const request = { prompt: 'a', stop_sequence: ['wor'], trim_stop };
    const body = await json(server.post(GENERATE, request));
    expect(body.results[0]).toMatchObject({ text, finish_reason: 'stop' });
    const events = await messages(await server.post(STREAM, request));
    expect(events.map(({ token }) => token).join('')).toBe(text);
  });

  test('gives log-probabilities, and again later to who asked', async () => {
    const server = testServer();
    const body = await json(server.post(GENERATE, { prompt: 'a', logprobs: true, genkey: 'mine' }));
    expect(body.results[0].logprobs.tokens.join('')).toBe('Hello, world!');
    const last = (genkey: string) => json(server.post('/api/extra/last_logprobs', { genkey }));
    expect((await last('mine')).logprobs.tokens.join('')).toBe('Hello, world!');
    expect(await last('other')).toEqual({ logprobs: null });
  });

  test.each<[string, object, string]>([
    ['a grammar', { grammar: 'root ::= "a"' }, 'grammar'],
    ['top-a', { top_a: 0.5 }, 'top_a'],
    ['smooth sampling', { smoothing_factor: 0.3 }, 'smoothing_factor'],
    ['images', { images: ['aGk='] }, 'images'],
    ['control tokens in the text', { render_special: true }, 'render_special'],
    ['mirostat 1', { mirostat: 1 }, 'mirostat'],
    ['a number in quotes', { max_length: '16' }, 'max_length'],
    ['a seed as a fraction', { sampler_seed: 1.5 }, 'sampler_seed'],
    ['an unknown sampler', { sampler_order: [9] }, 'sampler_order'],
    ['a penalty out of range', { rep_pen: -1 }, 'rep_pen'],
  ])('refuses %s, streamed or not', async (_, fields, name) => {
    const server = testServer();
    for (const path of [GENERATE, STREAM]) {
      const { detail } = await json(server.post(path, { prompt: 'a', ...fields }), 400);
      expect(detail.type).toBe('bad_input');
      expect(detail.msg).toContain(name);
    }
    expect((await server.post(GENERATE, LITE)).status).toBe(200);
  });

  test('null counts as absent, everywhere', async () => {
    const server = testServer();
    const names = [...Object.keys(LITE), 'grammar', 'images', 'custom_token_bans', 'sampler_seed', 'guidance_scale'];
    await json(server.post(GENERATE, Object.fromEntries(names.map((name) => [name, null]))));
    expect(server.service.request).toEqual({
      prompt: { text: '' },
      mode: 'speculative',
      maxTokens: 512,
      sampling: {},
    });
  });
});

describe('a stream', () => {
  test('has named events, the last with the reason and no token', async () => {
    const response = await testServer().post(STREAM, LITE);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = await messages(response);
    expect(events.map(({ token }) => token).join('')).toBe('Hello, world!');
    expect(events.at(-1)).toEqual({ token: '', finish_reason: 'stop', outrider: REPORT });
    expect(events.slice(0, -1).every((event) => event.finish_reason === null && event.token !== '')).toBe(true);
    const short = await messages(await testServer().post(STREAM, { ...LITE, max_length: 1 }));
    expect(short).toEqual([
      { token: 'Hello', finish_reason: null },
      { token: '', finish_reason: 'length', outrider: REPORT },
    ]);
  });

  test('tells of an error after the first byte', async () => {
    const died = new OutriderError('engine_died', 'the engine died', {});
    const server = testServer({ service: new FakeService(failsAfter(['One'], died)) });
    const events = await messages(await server.post(STREAM, LITE));
    expect(events).toEqual([
      { token: 'One', finish_reason: null },
      { detail: { msg: 'the engine died', type: 'server_error' } },
    ]);
  });
});

describe('a generation that runs', () => {
  /** One that stands still behind its first word until it is let go or taken back. */
  const held = async (genkey?: string) => {
    let rounds = 0;
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = testServer({
      service: new FakeService(
        says(['Hello', ', ', 'world'], async () => {
          if (++rounds > 1) await gate;
        }),
      ),
    });
    const answer = server.post(GENERATE, { prompt: 'a', ...(genkey !== undefined && { genkey }) });
    while (rounds < 2) await turn();
    return { server, answer: json(answer), release };
  };

  test('shows its text to who has its key', async () => {
    const { server, answer, release } = await held('mine');
    const check = (genkey: string) => json(server.post('/api/extra/generate/check', { genkey }));
    expect(await check('mine')).toEqual({ results: [{ text: 'Hello' }] });
    expect(await check('other')).toEqual({ results: [{ text: '' }] });
    expect(await json(server.get('/api/extra/generate/check'))).toEqual({ results: [{ text: '' }] });
    release();
    expect((await answer).results[0].text).toBe('Hello, world');
    expect(await check('mine')).toEqual({ results: [{ text: '' }] });
  });

  test('is ended by its key alone, and later ones are not', async () => {
    const { server, answer, release } = await held('mine');
    const abort = (genkey: string) => json(server.post('/api/extra/abort', { genkey }));
    expect(await abort('other')).toEqual({ success: 'true', done: 'true' });
    expect(server.service.running).toBe(1);
    await abort('mine');
    release();
    expect((await answer).results[0]).toMatchObject({ text: 'Hello', finish_reason: 'stop' });
    const later = await json(server.post(GENERATE, { prompt: 'a', genkey: 'mine' }));
    expect(later.results[0].text).toBe('Hello, world');
  });

  test.each([{}, { 'content-type': 'application/json' }])(
    'without a key is ended by an empty body (%j)',
    async (headers) => {
      const { server, answer, release } = await held();
      const response = await server.app.request('/api/extra/abort', { method: 'POST', headers });
      expect(response.status).toBe(200);
      release();
      expect((await answer).results[0].text).toBe('Hello');
    },
  );
});

/** The data of the stream's events, as KoboldAI Lite's parser takes them: nothing else may be in it. */
async function messages(response: Response): Promise<Json[]> {
  const frames = (await response.text()).split('\n\n');
  expect(frames.pop()).toBe('');
  return frames.map((frame) => JSON.parse(/^event: message\ndata: (.*)$/.exec(frame)?.[1] ?? `"${frame}"`));
}

describe('tags of an instruct chat', () => {
  const prompt = '{{[INPUT]}}Hi{{[OUTPUT]}}';
  const shown = (service: FakeService): string => {
    const { prompt } = service.request;
    return 'tokens' in prompt ? new TextDecoder().decode(Uint8Array.from(prompt.tokens)) : '';
  };

  test('become what the chat template writes, unless that is not wanted', async () => {
    const server = testServer();
    await json(server.post(GENERATE, { ...LITE, prompt, stop_sequence: ['{{[INPUT]}}'] }));
    expect(shown(server.service)).toBe('<|user|>Hi<|end|><|assistant|>');
    await json(server.post(GENERATE, { ...LITE, prompt, replace_instruct_placeholders: false }));
    expect(shown(server.service)).toBe(prompt);
  });
});
