/** Public bug reports of other servers, T-05 to T-11: what clients send, and how streams end. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CONTROL, type Json, TrapServer } from './testing/trap-server.js';

const COMPLETIONS = '/v1/completions';
const CHAT = '/v1/chat/completions';
const chat = {
  messages: [{ role: 'user', content: 'What is the capital of France?' }],
  temperature: 0,
  max_tokens: 40,
};

let server: TrapServer;
beforeAll(async () => {
  server = await TrapServer.open();
});
afterAll(() => server.close());
afterEach(() => server.expectUnharmed());

const textOf = (answer: Json): string => answer.choices[0].text ?? answer.choices[0].message.content;

describe('T-05 bytes that never become a character', () => {
  let ids: number[];
  beforeAll(async () => {
    const bytes = async (content: string): Promise<Json[]> =>
      (await server.ask('/tokenize', { content, add_special: false, with_pieces: true })).tokens;
    const first = async (content: string, byte: number): Promise<number> =>
      (await bytes(content)).find(({ piece }) => Array.isArray(piece) && piece[0] === byte).id;
    ids = [await first('😀', 0xf0), await first('…', 0xe2)];
  });

  it.each([1, 2, 3, 5])('%i of them on every route, streamed or not', async (count) => {
    for (const id of ids) {
      const common = { prompt: 'Once upon a time', temperature: 0, logit_bias: { [id]: 100 } };
      const native = { ...common, logit_bias: [[id, 100]], n_predict: count, return_tokens: true };
      const whole = await server.ask('/completion', native);
      expect(whole).toMatchObject({ tokens: Array(count).fill(id), stop_type: 'limit' });
      expect(whole.content).toMatch(new RegExp(`^\uFFFD{0,${count}}$`));
      const pieces = (await server.stream('/completion', native)).map((data) => JSON.parse(data).content);
      expect(pieces.join('')).toBe(whole.content);

      const openai = await server.ask(COMPLETIONS, { ...common, max_tokens: count });
      expect(textOf(openai)).toBe(whole.content);
      expect(openai.choices[0].finish_reason).toBe('length');
      const asChat = await server.ask(CHAT, { ...chat, logit_bias: { [id]: 100 }, max_tokens: count });
      expect(textOf(asChat)).toMatch(new RegExp(`^\uFFFD{0,${count}}$`));
      expect(asChat.usage.completion_tokens).toBe(count);
      const kobold = { prompt: 'Once upon a time', temperature: 0, max_length: count, logit_bias: { [id]: 100 } };
      const tokens = (await server.stream('/api/extra/generate/stream', kobold)).map((data) => JSON.parse(data).token);
      expect(tokens.join('')).toBe((await server.ask('/api/v1/generate', kobold)).results[0].text);
    }
  });
});

describe('T-07 how a stream ends', () => {
  const endings: readonly (readonly [string, object, string])[] = [
    ['the end token', {}, 'stop'],
    ['a stop string', { stop: ['a'] }, 'stop'],
    ['one token', { max_tokens: 1 }, 'length'],
    ['five tokens', { max_tokens: 5 }, 'length'],
  ];
  const options = [undefined, null, {}, { include_usage: false }, { include_usage: true }];

  it.each(endings)('by %s', async (_, ending, reason) => {
    const prompt = (await server.ask('/apply-template', { messages: chat.messages })).prompt;
    for (const [path, body] of [
      [CHAT, { ...chat, ...ending }],
      [COMPLETIONS, { prompt, max_tokens: 40, temperature: 0, ...ending }],
    ] as const) {
      const whole = textOf(await server.ask(path, body));
      for (const stream_options of options) {
        const events = await server.stream(path, { ...body, stream_options });
        expect(events.pop()).toBe('[DONE]');
        const chunks = events.map((data) => JSON.parse(data));
        expect(new Set(chunks.map(({ id, created }) => `${id} ${created}`)).size).toBe(1);
        if (stream_options?.include_usage) {
          const { choices, usage } = chunks.pop();
          expect(choices).toEqual([]);
          expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
        }
        expect(chunks.some(({ usage }) => usage)).toBe(false);
        const reasons = chunks.map(({ choices }) => choices[0].finish_reason);
        expect(reasons.filter((given) => given !== null)).toEqual([reason]);
        const pieces = chunks.map(({ choices: [choice] }) => choice.text ?? choice.delta.content ?? '');
        expect(pieces.join('')).toBe(whole);
        expect(pieces.slice(reasons.indexOf(reason) + 1).join('')).toBe('');
      }
      await server.ask(path, { ...body, stream: false, stream_options: { include_usage: true } });
    }
  });

  it('on the routes that are not OpenAI’s: by its own last event, without a mark', async () => {
    const native = (await server.stream('/completion', { prompt: 'Once', n_predict: 5 })).map((data) =>
      JSON.parse(data),
    );
    expect(native.map(({ stop }) => stop)).toEqual([...native.slice(1).map(() => false), true]);
    expect(native.at(-1).stop_type).toBe('limit');
    const kobold = (await server.stream('/api/extra/generate/stream', { prompt: 'Once', max_length: 5 })).map((data) =>
      JSON.parse(data),
    );
    expect(kobold.at(-1)).toMatchObject({ token: '', finish_reason: 'length' });
    expect(kobold.slice(0, -1).every(({ finish_reason }) => finish_reason === null)).toBe(true);
  });
});

describe('T-08 null everywhere, and numbers in quotes', () => {
  const fields = `top_p top_k min_p seed stop n logit_bias logprobs top_logprobs response_format tools tool_choice
    parallel_tool_calls stream stream_options user presence_penalty frequency_penalty prediction model max_completion_tokens grammar
    json_schema samplers`.split(/\s+/);

  it.each([
    ['chat', CHAT, chat],
    ['completion', COMPLETIONS, CONTROL],
  ])('null is absence (%s)', async (_, path, body) => {
    const text = textOf(await server.ask(path, body));
    for (const field of fields) expect(textOf(await server.ask(path, { ...body, [field]: null })), field).toBe(text);
    const all = Object.fromEntries(fields.map((field) => [field, null]));
    expect(textOf(await server.ask(path, { ...body, ...all }))).toBe(text);
    for (const empty of [{ user: '' }, { stop: '' }, { stop: [] }, { stop: [''] }]) {
      expect(textOf(await server.ask(path, { ...body, ...empty }))).toBe(text);
    }
    await server.ask(path, { ...body, temperature: null });
  });

  it.each([
    [COMPLETIONS, 'temperature', '0'],
    [COMPLETIONS, 'max_tokens', '16'],
    ['/completion', 'n_predict', '-1'],
    [COMPLETIONS, 'seed', '7'],
    [COMPLETIONS, 'top_k', '40'],
    [COMPLETIONS, 'stream', 'true'],
  ])('%s: %s in quotes is refused by name', async (path, field, value) => {
    const response = await server.post(path, { ...CONTROL, [field]: value });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: field } });
  });
});

describe('T-09 seeds outside 32 bits', () => {
  const sampled = { prompt: 'Once upon a time', max_tokens: 40, temperature: 1 };
  const seeds = [0, 7, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 7, 2 ** 53 - 1];

  it('each is a seed of its own, and is told', async () => {
    const texts = new Set<string>();
    for (const seed of seeds) {
      const [first, again] = [
        await server.ask(COMPLETIONS, { ...sampled, seed }),
        await server.ask(COMPLETIONS, { ...sampled, seed }),
      ];
      expect(textOf(again)).toBe(textOf(first));
      expect(first.outrider.seed).toBe(seed);
      texts.add(textOf(first));
    }
    expect(texts.size).toBe(seeds.length);
  });

  it.each(['9007199254740992', '9007199254740993', '9223372036854775807', '18446744073709551616', '-2', '1.5', 'true'])(
    '%s is none',
    async (seed) => {
      const response = await server.post(COMPLETIONS, `{"prompt":"a","seed":${seed}}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { param: 'seed' } });
    },
  );

  it('n choices never run out of seeds unseen', async () => {
    const { choices } = await server.ask(COMPLETIONS, { ...sampled, seed: 2 ** 53 - 2, n: 2 });
    expect(choices[0].text).not.toBe(choices[1].text);
    expect((await server.post(COMPLETIONS, { ...sampled, seed: 2 ** 53 - 1, n: 2 })).status).toBe(400);
  });

  it('a drawn one is told, and brings its text back', async () => {
    const native = { prompt: sampled.prompt, n_predict: 40, temperature: 1 };
    const [one, other] = [
      await server.ask('/completion', { ...native, seed: -1 }),
      await server.ask('/completion', { ...native, seed: -1 }),
    ];
    expect(one.content).not.toBe(other.content);
    const { seed } = one.generation_settings;
    expect((await server.ask('/completion', { ...native, seed })).content).toBe(one.content);

    // KoboldCpp and llama-server take it on OpenAI's routes too, and SillyTavern of 2024 sends it there.
    const openai = await server.ask(COMPLETIONS, { ...sampled, seed: -1 });
    expect(textOf(await server.ask(COMPLETIONS, { ...sampled, seed: openai.outrider.seed }))).toBe(textOf(openai));

    const kobold = { prompt: sampled.prompt, max_length: 40, temperature: 1 };
    for (const random of [-1, 0]) {
      const drawn = await server.ask('/api/v1/generate', { ...kobold, sampler_seed: random });
      const { last_seed } = (await (await fetch(`${server.url}/api/extra/perf`)).json()) as Json;
      const again = await server.ask('/api/v1/generate', { ...kobold, sampler_seed: last_seed });
      expect(again.results[0].text).toBe(drawn.results[0].text);
    }
    const large = { ...kobold, sampler_seed: 2 ** 32 + 7 };
    const [first, again] = [await server.ask('/api/v1/generate', large), await server.ask('/api/v1/generate', large)];
    expect(again.results[0].text).toBe(first.results[0].text);
  });
});

describe('T-10 tool fields', () => {
  const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };

  it.each<object>([
    { tools: [] },
    { tools: [], tool_choice: 'auto' },
    { tools: [tool], tool_choice: 'none' },
    { parallel_tool_calls: true },
    { functions: [], function_call: 'none' },
    { response_format: { type: 'text' } },
    { grammar: '', json_schema: {} },
  ])('that ask for nothing change nothing: %j', async (fields) => {
    const plain = await server.ask(CHAT, chat);
    const answer = await server.ask(CHAT, { ...chat, ...fields });
    expect(textOf(answer)).toBe(textOf(plain));
    expect(answer.usage.prompt_tokens).toBe(plain.usage.prompt_tokens);
  });

  it.each<[object, string]>([
    [{ tools: [tool] }, 'tools'],
    [{ tools: [tool], tool_choice: 'auto' }, 'tools'],
    [{ tools: [tool], tool_choice: 'required' }, 'tools'],
    [{ tools: [tool], tool_choice: { type: 'function', function: { name: 'f' } } }, 'tools'],
    [{ response_format: { type: 'json_object' } }, 'response_format'],
  ])('that ask for something are never dropped: %j', async (fields, param) => {
    const response = await server.post(CHAT, { ...chat, ...fields });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { param: expect.stringMatching(`^(${param}|tool_choice)$`) },
    });
  });
});

describe('T-11 bodies that are compressed or mislabelled', () => {
  const body = Buffer.from(JSON.stringify(CONTROL));

  it.each([
    ['gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['br', brotliCompressSync(body)],
    ['identity', body],
  ])('%s is read', async (encoding, bytes) => {
    const response = await server.post(COMPLETIONS, bytes, { 'content-encoding': encoding });
    expect(textOf(await response.json())).toBe(await server.controlText());
  });

  it('another one is refused by name, a broken one in words', async () => {
    const unknown = await server.post(COMPLETIONS, body, { 'content-encoding': 'nonsense' });
    expect([unknown.status, await unknown.text()]).toEqual([415, expect.stringContaining('nonsense')]);
    const broken = await server.post(COMPLETIONS, gzipSync(body).subarray(0, -12), { 'content-encoding': 'gzip' });
    expect(broken.status).toBe(400);
  });

  it('a gigabyte of spaces in a megabyte is refused before it is unpacked', async () => {
    const spaces = gzipSync(Buffer.alloc(2 ** 30, ' '));
    const before = process.memoryUsage.rss();
    const response = await server.post(COMPLETIONS, spaces, { 'content-encoding': 'gzip' });
    expect(response.status).toBe(413);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 2 ** 20);
  });

  it.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-8',
    'Application/JSON',
  ])('JSON is read under the type %s', async (type) => {
    const response = await server.post(
      COMPLETIONS,
      new Uint8Array(body),
      type === undefined ? {} : { 'content-type': type },
    );
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(textOf(await response.json())).toBe(await server.controlText());
  });
});
