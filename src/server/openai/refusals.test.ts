import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { testServer } from '../testing/app.js';

const CHAT = '/v1/chat/completions';
const COMPLETION = '/v1/completions';
const good = { messages: [{ role: 'user', content: 'Hi' }] };
const once = { prompt: 'Once' };
const chat = (fields: object) => [CHAT, { ...good, ...fields }] as const;
const completion = (fields: object) => [COMPLETION, { ...once, ...fields }] as const;

/** What is wrong, the status and the `param` that it gets. */
type Case = readonly [
  name: string,
  request: readonly [path: string, body: unknown],
  status: number,
  param: string | null,
];

const CASES: readonly Case[] = [
  ['no body', [CHAT, ''], 400, null],
  ['blanks', [CHAT, ' \n '], 400, null],
  ['half an object', [CHAT, '{"messages":'], 400, null],
  ['not JSON', [CHAT, 'hello'], 400, null],
  ['single quotes', [CHAT, "{'messages':[]}"], 400, null],
  ['a comma too many', [CHAT, '{"messages":[],}'], 400, null],
  ['NaN', [CHAT, '{"temperature":NaN}'], 400, null],
  ['a list', [CHAT, '[]'], 400, null],
  ['a string', [CHAT, '"messages"'], 400, null],
  ['a number', [CHAT, '7'], 400, null],
  ['null', [CHAT, 'null'], 400, null],
  ['no messages', [CHAT, {}], 400, 'messages'],
  ['messages null', [CHAT, { messages: null }], 400, 'messages'],
  ['messages a string', [CHAT, { messages: 'Hi' }], 400, 'messages'],
  ['messages an object', [CHAT, { messages: { role: 'user' } }], 400, 'messages'],
  ['a message that is a string', [CHAT, { messages: ['Hi'] }], 400, 'messages.0'],
  ['a message without a role', [CHAT, { messages: [{ content: 'Hi' }] }], 400, 'messages.0.role'],
  ['a role that is a number', [CHAT, { messages: [{ role: 1, content: 'Hi' }] }], 400, 'messages.0.role'],
  ['content that is a number', [CHAT, { messages: [{ role: 'user', content: 1 }] }], 400, 'messages.0.content'],
  ['content that is an object', [CHAT, { messages: [{ role: 'user', content: {} }] }], 400, 'messages.0.content'],
  ['a model that is a number', chat({ model: 5 }), 400, 'model'],
  ['a model that is a list', chat({ model: ['main'] }), 400, 'model'],
  ['stream in quotes', chat({ stream: 'true' }), 400, 'stream'],
  ['stream as a number', chat({ stream: 1 }), 400, 'stream'],
  ['stream options as a list', chat({ stream: true, stream_options: [] }), 400, 'stream_options'],
  ['a temperature in quotes', chat({ temperature: '0' }), 400, 'temperature'],
  ['a negative temperature', chat({ temperature: -1 }), 400, 'temperature'],
  ['a temperature of a thousand', chat({ temperature: 1000 }), 400, 'temperature'],
  ['a temperature beyond numbers', [CHAT, '{"messages":[{"role":"user"}],"temperature":1e999}'], 400, 'temperature'],
  ['top_p above 1', chat({ top_p: 1.5 }), 400, 'top_p'],
  ['top_p below 0', chat({ top_p: -0.5 }), 400, 'top_p'],
  ['top_k in quotes', chat({ top_k: '40' }), 400, 'top_k'],
  ['top_k as a fraction', chat({ top_k: 1.5 }), 400, 'top_k'],
  ['min_p as a list', chat({ min_p: [0.1] }), 400, 'min_p'],
  ['max_tokens in quotes', chat({ max_tokens: '16' }), 400, 'max_tokens'],
  ['max_tokens negative', chat({ max_tokens: -2 }), 400, 'max_tokens'],
  ['max_tokens as a fraction', chat({ max_tokens: 1.5 }), 400, 'max_tokens'],
  ['max_completion_tokens true', chat({ max_completion_tokens: true }), 400, 'max_completion_tokens'],
  ['n 0', chat({ n: 0 }), 400, 'n'],
  ['n negative', chat({ n: -1 }), 400, 'n'],
  ['n as a fraction', chat({ n: 1.5 }), 400, 'n'],
  ['n of a million', chat({ n: 1e6 }), 400, 'n'],
  ['a negative seed', chat({ seed: -2 }), 400, 'seed'],
  ['a seed as a fraction', chat({ seed: 1.5 }), 400, 'seed'],
  ['a seed that is true', chat({ seed: true }), 400, 'seed'],
  ['a seed of 2^53', chat({ seed: 2 ** 53 }), 400, 'seed'],
  ['a seed of 2^64', [CHAT, '{"messages":[{"role":"user"}],"seed":18446744073709551616}'], 400, 'seed'],
  ['seeds that run out', chat({ seed: 2 ** 53 - 1, n: 2 }), 400, 'seed'],
  ['stop as a number', chat({ stop: 5 }), 400, 'stop'],
  ['stop with a null in it', chat({ stop: [null] }), 400, 'stop'],
  ['a thousand stops', chat({ stop: Array(1000).fill('a') }), 400, 'stop'],
  ['a logit_bias that is a string', chat({ logit_bias: 'a' }), 400, 'logit_bias'],
  ['a bias that is a string', chat({ logit_bias: { 1: 'a' } }), 400, 'logit_bias'],
  ['logprobs as a number', chat({ logprobs: 1 }), 400, 'logprobs'],
  ['top_logprobs of 21', chat({ logprobs: true, top_logprobs: 21 }), 400, 'top_logprobs'],
  ['top_logprobs alone', chat({ top_logprobs: 2 }), 400, 'top_logprobs'],
  ['a prediction that is a string', chat({ prediction: 'a' }), 400, 'prediction'],
  ['a prediction of another type', chat({ prediction: { type: 'x', content: '' } }), 400, 'prediction.type'],
  ['a tool', chat({ tools: [{ type: 'function' }] }), 400, 'tools'],
  ['a tool and auto', chat({ tools: [{ type: 'function' }], tool_choice: 'auto' }), 400, 'tools'],
  [
    'a tool that would have to be counted',
    ['/v1/chat/completions/input_tokens', { ...good, tools: [{ type: 'function' }] }],
    400,
    'tools',
  ],
  ['tools that are a number', chat({ tools: 5 }), 400, 'tools'],
  ['a tool_choice', chat({ tool_choice: 'required' }), 400, 'tool_choice'],
  ['a function', chat({ functions: [{ name: 'f' }] }), 400, 'functions'],
  ['a JSON object', chat({ response_format: { type: 'json_object' } }), 400, 'response_format'],
  ['a JSON schema', chat({ response_format: { type: 'json_schema', json_schema: {} } }), 400, 'response_format'],
  ['a format as a string', chat({ response_format: 'json' }), 400, 'response_format'],
  ['a grammar', chat({ grammar: 'root ::= "a"' }), 400, 'grammar'],
  ['a schema', chat({ json_schema: { type: 'object' } }), 400, 'json_schema'],
  ['an unknown mode', chat({ speculative: { mode: 'fast' } }), 400, 'speculative.mode'],
  ['an unknown key of speculative', chat({ speculative: { nmax: 1 } }), 400, 'speculative'],
  ['a length in quotes', chat({ 'speculative.n_max': '8' }), 400, 'speculative.n_max'],
  ['a negative length', chat({ 'speculative.n_max': -1 }), 400, 'speculative.n_max'],
  ['a length as a fraction', chat({ 'speculative.n_min': 2.5 }), 400, 'speculative.n_min'],
  ['an unknown drafter', chat({ speculative: { drafters: ['oracle'] } }), 400, 'speculative.drafters.0'],
  ['an unknown sampler', chat({ samplers: ['top_z'] }), 400, 'samplers'],
  ['an unknown sampler id', chat({ sampler_order: [7] }), 400, 'sampler_order'],
  ['a sampler id twice', chat({ sampler_order: [5, 5] }), 400, 'sampler_order'],
  ['too many sequence breakers', chat({ dry_sequence_breakers: Array(65).fill('a') }), 400, 'dry_sequence_breakers'],
  ['banned ids that are words', chat({ custom_token_bans: 'a' }), 400, 'custom_token_bans'],
  ['banned ids beyond the vocabulary', chat({ custom_token_bans: '5, 256' }), 400, 'custom_token_bans'],
  ['breakers that are half a list', chat({ dry_sequence_breakers: '["a", ' }), 400, 'dry_sequence_breakers'],
  ['banned tokens that are ids', chat({ banned_tokens: [5] }), 400, 'banned_tokens.0'],
  ['mirostat 1', chat({ mirostat: 1 }), 400, 'mirostat'],
  ['no prompt', [COMPLETION, {}], 400, 'prompt'],
  ['a prompt of null', [COMPLETION, { prompt: null }], 400, 'prompt'],
  ['a prompt of true', [COMPLETION, { prompt: true }], 400, 'prompt'],
  ['no prompts', [COMPLETION, { prompt: [] }], 400, 'prompt'],
  ['a token as a fraction', [COMPLETION, { prompt: [1.5] }], 400, 'prompt'],
  ['too many prompts', [COMPLETION, { prompt: Array(129).fill('a') }], 400, 'n'],
  ['a prompt beyond the context', [COMPLETION, { prompt: 'x'.repeat(9000) }], 400, null],
  ['a suffix', completion({ suffix: 'end' }), 400, 'suffix'],
  ['top-a', completion({ top_a: 0.2 }), 400, 'top_a'],
  ['smooth sampling', completion({ smoothing_factor: 0.3 }), 400, 'smoothing_factor'],
  ['adaptive-p', completion({ adaptive_target: 0.5 }), 400, 'adaptive_target'],
  ['guidance', completion({ guidance_scale: 1.5, negative_prompt: 'not this' }), 400, 'guidance_scale'],
  ['a negative prompt alone', completion({ negative_prompt: 'not this' }), 400, 'negative_prompt'],
  ['the best of several', completion({ best_of: 3 }), 400, 'best_of'],
  ['an echo with logprobs', completion({ echo: true, logprobs: 1 }), 400, 'echo'],
  ['logprobs in quotes', completion({ logprobs: '1' }), 400, 'logprobs'],
  ['an unknown route', ['/v1/nothing', {}], 404, null],
  ['a route of nobody', ['/nothing', {}], 404, null],
  ['an endpoint that is not served', ['/v1/embeddings', { input: 'a' }], 501, null],
  ['the wrong method', ['/v1/models', {}], 405, null],
];

test('there are at least sixty kinds', () => expect(CASES.length).toBeGreaterThanOrEqual(60));

describe('a bad request', () => {
  test.each(CASES)('%s', async (_, [path, body], status, param) => {
    const server = testServer();
    const response = await server.post(path, body);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/json');
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ param, code: status, type: expect.any(String) });
    expect(error.message).toMatch(/^\S.{5,}/);
    expect(String(error.message)).not.toContain('\n');
    const after = await server.post(CHAT, good);
    expect(after.status).toBe(200);
  });

  test('streamed is refused with the same status', async () => {
    const server = testServer();
    for (const [, [path, body], status] of CASES) {
      if (typeof body !== 'object') continue;
      expect((await server.post(path, { stream: true, ...body })).status).toBe(status);
    }
  });
});

describe('bodies', () => {
  const send = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, limit = 1000) =>
    testServer({ settings: { bodyLimitBytes: limit } }).app.request(CHAT, { method: 'POST', body, headers });
  const json = JSON.stringify(good);

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-8',
    'Application/JSON',
    'x',
  ])('as %s', async (type) => expect((await send(json, { 'content-type': type })).status).toBe(200));

  test('compressed', async () => {
    expect((await send(gzipSync(json), { 'content-encoding': 'gzip' })).status).toBe(200);
    expect((await send(json, { 'content-encoding': 'identity' })).status).toBe(200);
    const refused = await send(json, { 'content-encoding': 'nonsense' });
    expect(refused.status).toBe(415);
    expect(await refused.text()).toContain('content-encoding');
    expect((await send(gzipSync(json).subarray(0, 30), { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await send(json, { 'content-encoding': 'gzip' })).status).toBe(400);
  });

  test('that are too large, as sent or as decompressed', async () => {
    expect((await send(JSON.stringify({ ...good, user: 'x'.repeat(1000) }))).status).toBe(413);
    expect((await send(json, { 'content-length': '2000' })).status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '));
    expect((await send(bomb, { 'content-encoding': 'gzip' }, 100_000)).status).toBe(413);
  });

  test('that are not UTF-8', async () => {
    const response = await send(Buffer.from([0x22, 0xff, 0x22]));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('UTF-8');
  });
});
