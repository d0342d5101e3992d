import { describe, expect, test } from 'vitest';
import { eventsOf, testServer } from '../testing/app.js';

const PATH = '/v1/completions';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any;

const ask = async (server: ReturnType<typeof testServer>, body: object): Promise<Json> => {
  const response = await server.post(PATH, body);
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
};

test('an answer has OpenAI’s shape', async () => {
  const body = await ask(testServer(), { prompt: 'Once' });
  expect(body).toMatchObject({
    object: 'text_completion',
    choices: [{ index: 0, text: 'Hello, world!', logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 4, completion_tokens: 4, total_tokens: 8 },
  });
  expect(body.id).toMatch(/^cmpl-/);
});

describe('prompts', () => {
  test.each<[string, unknown, unknown[]]>([
    ['a text', 'ab', [{ text: 'ab' }]],
    ['an empty text', '', [{ text: '' }]],
    ['texts', ['a', 'b'], [{ text: 'a' }, { text: 'b' }]],
    ['tokens', [1, 2], [{ tokens: [1, 2] }]],
    ['lists of tokens', [[1], [2, 3]], [{ tokens: [1] }, { tokens: [2, 3] }]],
    ['tokens and texts in one', [1, 'ab', 2], [{ tokens: [1, 97, 98, 2] }]],
    ['a text and a list', ['a', [1, 'b']], [{ text: 'a' }, { tokens: [1, 98] }]],
  ])('%s', async (_, prompt, prompts) => {
    const server = testServer();
    const { choices } = await ask(server, { prompt });
    expect(server.service.requests.map((request) => request.prompt)).toEqual(prompts);
    expect(choices).toHaveLength(prompts.length);
  });

  test('have n choices each, and count once', async () => {
    const server = testServer();
    const { choices, usage } = await ask(server, { prompt: ['a', 'bc'], n: 2, seed: 5 });
    expect(server.service.requests.map(({ prompt, seed }) => [prompt, seed])).toEqual([
      [{ text: 'a' }, 5],
      [{ text: 'a' }, 6],
      [{ text: 'bc' }, 5],
      [{ text: 'bc' }, 6],
    ]);
    expect(choices.map(({ index }: Json) => index)).toEqual([0, 1, 2, 3]);
    expect(usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 16 });
  });
});

/** What SillyTavern sends here as a client of KoboldCpp while these are off. */
const SILLYTAVERN = {
  sampler_order: [6, 0, 1, 3, 4, 2, 5],
  custom_token_bans: '',
  banned_strings: [],
  top_a: 0,
  tfs: 1,
  smoothing_factor: 0,
  smoothing_curve: 1,
  adaptive_target: -0.01,
  adaptive_decay: 0.9,
  guidance_scale: 1,
  negative_prompt: '',
  grammar_string: '',
  mirostat_mode: 0,
  dry_sequence_breakers: ['\n', ':', '"', '*'],
  trim_stop: true,
};
const SILLYTAVERN_SAMPLING = {
  order: ['dry', 'penalties', 'top_k', 'typ_p', 'top_p', 'min_p', 'temperature', 'top_n_sigma', 'xtc'],
  drySequenceBreakers: ['\n', ':', '"', '*'],
};

describe('KoboldCpp’s fields', () => {
  test.each<[string, object, object]>([
    ['off', {}, { sampling: SILLYTAVERN_SAMPLING }],
    ['a negative prompt without guidance', { negative_prompt: 'x' }, { sampling: SILLYTAVERN_SAMPLING }],
    [
      'bans',
      { custom_token_bans: '5, 6', logit_bias: { 7: 1 }, banned_strings: ['', 'two'], banned_tokens: ['one'] },
      {
        bannedStrings: ['one', 'two'],
        sampling: {
          ...SILLYTAVERN_SAMPLING,
          logitBias: new Map([
            [7, 1],
            [5, Number.NEGATIVE_INFINITY],
            [6, Number.NEGATIVE_INFINITY],
          ]),
        },
      },
    ],
    [
      'llama-server’s order, which goes before',
      { samplers: ['top_k'] },
      { sampling: { ...SILLYTAVERN_SAMPLING, order: ['top_k'] } },
    ],
  ])('are heard: %s', async (_, fields, expected) => {
    const server = testServer();
    await ask(server, { prompt: 'Once', ...SILLYTAVERN, ...fields });
    expect(server.service.request).toEqual({ mode: 'speculative', prompt: { text: 'Once' }, ...expected });
  });
});

test.each<[unknown, readonly string[] | undefined]>([
  [['a,b', ''], ['a,b']],
  [[''], []],
  ['', undefined],
  ['["\\n", ","]', ['\n', ',']],
  ['"\\n", ","', ['\n', ',']],
  [':,*', [':', '*']],
  ['5', ['5']],
])('DRY breakers %j are %j', async (dry_sequence_breakers, breakers) => {
  const server = testServer();
  await ask(server, { prompt: 'Once', dry_sequence_breakers });
  expect(server.service.request.sampling?.drySequenceBreakers).toEqual(breakers);
});

test('an empty text bans nothing', async () => {
  const server = testServer();
  await ask(server, { prompt: 'Once', banned_strings: [''] });
  expect(server.service.request).not.toHaveProperty('bannedStrings');
});

test('log-probabilities come in both shapes', async () => {
  const { choices } = await ask(testServer(), { prompt: 'Once', logprobs: 2 });
  expect(choices[0].logprobs).toMatchObject({
    tokens: ['Hello', ', ', 'world', '!'],
    token_logprobs: [-0.25, -0.25, -0.25, -0.25],
    text_offset: [0, 5, 7, 12],
    content: [{ token: 'Hello' }, { token: ', ' }, { token: 'world' }, { token: '!' }],
  });
  expect(choices[0].logprobs.top_logprobs[0]).toEqual({ Hello: -0.25, '#1': -1.25 });
});

test('the prompt is echoed where that is asked for', async () => {
  const server = testServer();
  expect((await ask(server, { prompt: 'Once ', echo: true })).choices[0].text).toBe('Once Hello, world!');
  const events = (await eventsOf(await server.post(PATH, { prompt: 'Once ', echo: true, stream: true }))) as Json[];
  expect(events.map((event) => event.choices?.[0].text ?? '').join('')).toBe('Once Hello, world!');
});

test('a stream ends with one finish reason, usage if wanted, and [DONE]', async () => {
  const body = { prompt: 'Once', stream: true, logprobs: 1, stream_options: { include_usage: true } };
  const events = (await eventsOf(await testServer().post(PATH, body))) as Json[];
  const chunks = events.slice(0, -2);
  expect(chunks.map(({ choices }) => choices[0].finish_reason)).toEqual([
    ...Array(chunks.length - 1).fill(null),
    'stop',
  ]);
  expect(chunks.map(({ choices }) => choices[0].text).join('')).toBe('Hello, world!');
  expect(chunks.flatMap(({ choices }) => choices[0].logprobs?.text_offset ?? [])).toEqual([0, 5, 7, 12]);
  expect(events.at(-2)).toMatchObject({ choices: [], usage: { completion_tokens: 4 } });
  expect(events.at(-1)).toBe('[DONE]');
});

test('models are listed with what they stand for', async () => {
  const server = testServer();
  for (const path of ['/v1/models', '/models']) {
    const list = (await (await server.get(path)).json()) as Json;
    expect(list.object).toBe('list');
    expect(list.data.map(({ id, outrider }: Json) => [id, outrider.mode])).toEqual([
      ['main', 'speculative'],
      ['main:main', 'main'],
      ['main:auto', 'auto'],
      ['draft', 'draft'],
    ]);
    // As llama-server: each name in Ollama's shape, too.
    expect(list.models.map(({ name, model }: Json) => [name, model])).toEqual(
      list.data.map(({ id }: Json) => [id, id]),
    );
    expect(list.models[0]).toMatchObject({
      type: 'model',
      capabilities: ['completion'],
      details: { format: 'gguf' },
      description: list.data[0].outrider.description,
    });
    expect(list.data[0]).toMatchObject({ aliases: [], tags: [] });
    for (const { outrider } of list.data) expect(outrider.description).toMatch(/^[a-z].+/);
  }
  expect(await (await server.get('/v1/models/main:main')).json()).toMatchObject({ id: 'main:main', object: 'model' });
  expect((await server.get('/v1/models/other')).status).toBe(404);
});
