import { describe, expect, test } from 'vitest';
import { OutriderError } from '../../errors.js';
import { eventsOf, testServer } from '../testing/app.js';
import { FakeService, failsAfter, says } from '../testing/fake-service.js';

const PATH = '/v1/chat/completions';
const messages = [{ role: 'user', content: 'Hi' }];

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any;

const ask = async (server: ReturnType<typeof testServer>, body: object): Promise<Json> => {
  const response = await server.post(PATH, { messages, ...body });
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
};

describe('an unfinished last message', () => {
  const unfinished = [...messages, { role: 'assistant', content: 'Hel' }];

  test.each([
    [{ continue_final_message: true }, 'continue'],
    [{ continue_final_message: true, add_generation_prompt: false }, 'continue'],
    [{ continue_final_message: false, add_generation_prompt: true }, undefined],
    [{}, undefined],
  ])('%j', async (fields, ending) => {
    const server = testServer();
    await ask(server, { ...fields, messages: unfinished });
    expect(server.service.request.prompt).toEqual({ messages: unfinished, ...(ending !== undefined && { ending }) });
  });

  test.each([
    [{ continue_final_message: true, add_generation_prompt: true }, 'continue_final_message'],
    [{ add_generation_prompt: false }, 'add_generation_prompt'],
    [{ continue_final_message: 'yes' }, 'continue_final_message'],
  ])('refuses %j', async (fields, param) => {
    const response = await testServer().post(PATH, { messages: unfinished, ...fields });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
  });
});

describe('an answer that is not streamed', () => {
  test('draws another seed where clients ask for -1', async () => {
    const server = testServer();
    await ask(server, { seed: -1 });
    expect(server.service.requests).toHaveLength(1);
    expect(server.service.requests[0]!.seed).toBeUndefined();
  });

  test('has the shape that clients expect', async () => {
    const body = await ask(testServer(), { model: 'gpt-3.5-turbo', seed: 7 });
    expect(body).toMatchObject({
      object: 'chat.completion',
      created: 1_700_000_123,
      model: 'main',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello, world!', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      outrider: { mode: 'speculative', seed: 7 },
    });
    expect(body.id).toMatch(/^chatcmpl-/);
    expect(body.system_fingerprint).toMatch(/^b/);
    expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens + body.usage.completion_tokens);
    expect(body.usage.completion_tokens_details.accepted_prediction_tokens).toBe(1);
    expect(body.timings.predicted_n).toBe(body.usage.completion_tokens);
    expect(JSON.stringify(body.timings)).not.toContain('null');
  });

  test.each<[object, object]>([
    [{ reasoning_effort: 'low' }, { reasoning_effort: 'low' }],
    [{ reasoning_effort: 'none' }, { reasoning_effort: 'none', enable_thinking: false }],
    [
      { reasoning_effort: 'none', chat_template_kwargs: { enable_thinking: true, custom: [1] } },
      { reasoning_effort: 'none', enable_thinking: true, custom: [1] },
    ],
  ])('tells the template %o', async (fields, variables) => {
    const server = testServer();
    await ask(server, fields);
    expect(server.service.request?.prompt).toEqual({ messages, variables });
  });

  test('hands the request to the engine', async () => {
    const server = testServer();
    await ask(server, {
      temperature: 0,
      top_p: 0.5,
      max_tokens: 9,
      max_completion_tokens: 3,
      stop: ['x', ''],
      seed: 9007199254740991,
      presence_penalty: 0.5,
      logit_bias: { 17: -100, ab: 2 },
      prediction: { type: 'content', content: [{ type: 'text', text: 'like this' }] },
      'speculative.n_max': 4,
      speculative: { n_max: 8, n_min: 2, drafters: ['lookup'] },
    });
    expect(server.service.request).toEqual({
      prompt: { messages },
      mode: 'speculative',
      maxTokens: 3,
      stop: ['x'],
      seed: 9007199254740991,
      prediction: 'like this',
      sampling: {
        temperature: 0,
        topP: 0.5,
        presencePenalty: 0.5,
        logitBias: new Map([
          [17, -100],
          [97, 2],
          [98, 2],
        ]),
      },
      draft: { max: 4, min: 2, drafters: ['lookup'] },
    });
  });

  test('counts its choices from the seed up', async () => {
    const server = testServer();
    const body = await ask(server, { n: 3, seed: 40 });
    expect(server.service.requests.map(({ seed }) => seed)).toEqual([40, 41, 42]);
    expect(body.choices.map(({ index }: Json) => index)).toEqual([0, 1, 2]);
    const prompt = (await ask(server, {})).usage.prompt_tokens;
    expect(body.usage.prompt_tokens).toBe(prompt);
    expect(body.usage.completion_tokens).toBe(12);
  });

  test.each([
    ['main', 'speculative'],
    ['main:main', 'main'],
    ['main:auto', 'auto'],
    ['draft', 'draft'],
    ['gpt-4', 'speculative'],
    ['auto', 'speculative'],
  ])('model %s runs in mode %s', async (model, mode) => {
    const server = testServer();
    const body = await ask(server, { model });
    expect(server.service.request.mode).toBe(mode);
    expect(body.model).toBe(['gpt-4', 'auto'].includes(model) ? 'main' : model);
  });

  test('null counts as absent, everywhere', async () => {
    const server = testServer();
    const names = `top_p top_k min_p seed stop n logit_bias logprobs top_logprobs response_format tools tool_choice
      parallel_tool_calls stream stream_options user presence_penalty frequency_penalty prediction model temperature max_tokens
      max_completion_tokens grammar json_schema samplers speculative`.split(/\s+/);
    await ask(server, Object.fromEntries(names.map((name) => [name, null])));
    expect(server.service.request).toEqual({ prompt: { messages }, mode: 'speculative', sampling: {} });
  });

  test.each<[string, object]>([
    ['no tools', { tools: [], tool_choice: 'auto', parallel_tool_calls: true, functions: [], function_call: 'none' }],
    ['tools that are not to be used', { tools: [{ type: 'function' }], tool_choice: 'none' }],
    ['text', { response_format: { type: 'text' }, grammar: '', json_schema: {} }],
    ['stops that stop nothing', { stop: [''] }],
    ['one such stop', { stop: '' }],
    ['an empty user', { user: '' }],
    ['stream options without a stream', { stream: false, stream_options: { include_usage: true } }],
    ['as many tokens as fit', { max_tokens: -1 }],
    ['more than can be counted', { max_tokens: 1e30 }],
  ])('%s asks for nothing', async (_, fields) => {
    const server = testServer();
    await ask(server, fields);
    const { maxTokens = Number.MAX_SAFE_INTEGER, ...request } = server.service.request;
    expect(maxTokens).toBe(Number.MAX_SAFE_INTEGER);
    expect(request).toEqual({ prompt: { messages }, mode: 'speculative', sampling: {} });
  });

  test('gives log-probabilities whose tokens are the text', async () => {
    const { choices } = await ask(testServer(), { logprobs: true, top_logprobs: 2 });
    const { content } = choices[0].logprobs;
    expect(content.map(({ token }: Json) => token).join('')).toBe('Hello, world!');
    expect(content[0]).toMatchObject({ id: 100, logprob: -0.25, bytes: [...Buffer.from('Hello')] });
    expect(content[0].top_logprobs.map(({ logprob }: Json) => logprob)).toEqual([-0.25, -1.25]);
  });

  test('keeps reasoning apart', async () => {
    const server = testServer({ service: new FakeService(says(['<thi', 'nk>Hm', '.</think>', '\n\nFour', '.'])) });
    const body = await ask(server, {});
    expect(body.choices[0].message).toMatchObject({ reasoning_content: 'Hm.', content: 'Four.' });
    expect(body.usage.completion_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    const whole = await ask(server, { reasoning_format: 'none' });
    expect(whole.choices[0].message.content).toBe('<think>Hm.</think>\n\nFour.');
  });
});

describe('a stream', () => {
  const stream = async (server: ReturnType<typeof testServer>, body: object = {}): Promise<Json[]> => {
    const response = await server.post(PATH, { messages, stream: true, ...body });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-request-id')).toBeTruthy();
    return eventsOf(response);
  };

  test.each<[string, object, string, string]>([
    ['an end token', {}, 'stop', 'Hello, world!'],
    ['a stop string', { stop: 'world' }, 'stop', 'Hello, '],
    ['one token', { max_tokens: 1 }, 'length', 'Hello'],
    ['no token', { max_tokens: 0 }, 'length', ''],
  ])('ended by %s', async (_, body, reason, text) => {
    const events = await stream(testServer(), body);
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1);
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: null });
    expect(chunks.slice(1).some(({ choices }) => 'role' in choices[0].delta)).toBe(false);
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe(text);
    expect(chunks.map(({ choices }) => choices[0].finish_reason)).toEqual([...chunks.slice(1).map(() => null), reason]);
    expect(chunks.at(-1).choices[0].delta).toEqual({});
    expect(new Set(chunks.map(({ id, created }) => `${id} ${created}`)).size).toBe(1);
    expect(chunks.some((chunk) => 'usage' in chunk || 'message' in chunk)).toBe(false);
  });

  test.each([
    [undefined, false],
    [null, false],
    [{}, false],
    [{ include_usage: false }, false],
    [{ include_usage: true }, true],
  ])('stream_options %j: usage %s', async (stream_options, wanted) => {
    const events = await stream(testServer(), { stream_options });
    const usage = events.filter((event) => event.usage !== undefined);
    expect(usage).toHaveLength(wanted ? 1 : 0);
    if (!wanted) return;
    expect(events.at(-2)).toBe(usage[0]);
    expect(usage[0].choices).toEqual([]);
    expect(usage[0].usage.completion_tokens_details.accepted_prediction_tokens).toBe(1);
  });

  test('of several choices keeps them apart', async () => {
    const events = await stream(testServer(), { n: 2, stream_options: { include_usage: true } });
    for (const index of [0, 1]) {
      const chunks = events.filter(({ choices }) => choices?.[0]?.index === index);
      expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe('Hello, world!');
      expect(chunks.filter(({ choices }) => choices[0].finish_reason !== null)).toHaveLength(1);
    }
    expect(events.at(-2).usage.completion_tokens).toBe(8);
  });

  test('has the log-probability of each token in its chunk, also behind a tag that was held back', async () => {
    const server = testServer({ service: new FakeService(says(['<think>', 'Hm', '</think>', 'Four'])) });
    const events = await stream(server, { logprobs: true });
    const tokens = events
      .flatMap((event) => event.choices?.[0].logprobs?.content ?? [])
      .map(({ token }: Json) => token);
    expect(tokens).toEqual(['<think>', 'Hm', '</think>', 'Four']);
  });

  test('tells of an error in OpenAI’s shape and ends without [DONE]', async () => {
    const script = failsAfter(['Hel'], new OutriderError('backend_failed', 'the pass failed'));
    const events = await stream(testServer({ service: new FakeService(script) }));
    expect(events.at(-1)).toEqual({
      error: { message: 'the pass failed', type: 'server_error', param: null, code: 500 },
    });
  });

  test('is refused with a status where the request is wrong', async () => {
    const response = await testServer().post(PATH, {
      messages: [{ role: 'user', content: 'x'.repeat(5000) }],
      stream: true,
    });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as Json;
    expect(error).toMatchObject({ type: 'exceed_context_size_error', n_ctx: 4096 });
    expect(error.n_prompt_tokens).toBeGreaterThan(5000);
    expect(error.message).toMatch(/exceeds the available context size.*maximum context length/);
  });

  test('has headers and its beginning while the engine cannot say yet whether the model thinks', async () => {
    const target = { ...new FakeService().description.target, chatTemplate: '<think>' };
    const service = new FakeService(says(['Hm.</think>', 'Four']), { target });
    let render = (_: string): void => {};
    service.render = () => new Promise((resolve) => (render = resolve));
    const response = await testServer({ service }).post(PATH, { messages, stream: true });
    expect(response.status).toBe(200);
    render('<|assistant|><think>');
    const deltas = ((await eventsOf(response)) as Json[]).flatMap((event) => event.choices?.[0].delta ?? []);
    expect(deltas.map((delta) => delta.reasoning_content ?? '').join('')).toBe('Hm.');
    expect(deltas.map((delta) => delta.content ?? '').join('')).toBe('Four');
  });

  test('ends its generation when the reader leaves', async () => {
    const service = new FakeService(says(Array(50).fill('x'), () => new Promise((resolve) => setTimeout(resolve, 5))));
    const server = testServer({ service });
    const response = await server.post(PATH, { messages, stream: true });
    const reader = response.body!.getReader();
    await reader.read();
    expect(server.context.activity.running).toBe(1);
    await reader.cancel();
    await server.context.activity.idle();
    expect(service.running).toBe(0);
  });
});
