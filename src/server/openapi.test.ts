import { describe, expect, test } from 'vitest';
import { finishEvent, roundEvent, startEvent, textEvent } from '../cli/testing/events.js';
import { OutriderError } from '../errors.js';
import type { ServerContext } from './dialect.js';
import { DIALECTS } from './dialects.js';
import { openApi } from './openapi.js';
import { operations } from './operations.js';
import { Page } from './page.js';
import type { Route } from './route.js';
import { eventsOf, type TestServer, type TestServerOptions, testServer } from './testing/app.js';
import { FakeService, failsAfter } from './testing/fake-service.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any;

const UNBUILT = new Page('a folder that is not there');
const serverOf = (options: TestServerOptions = {}): TestServer =>
  testServer({ dialects: DIALECTS, page: UNBUILT, ...options });
const routesOf = (server: ServerContext): readonly Route[] => [
  ...DIALECTS.flatMap((dialect) => dialect.routes(server)),
  ...operations(server, () => openApi('1.2.3', [])),
];
const documentOf = async (server: TestServer): Promise<Json> => (await server.get('/api/outrider/openapi.json')).json();

const messages = [{ role: 'user', content: 'Hi' }];
const speculation = { mode: 'main', n_max: 4 };
const sampling = { temperature: 0.5, top_k: 40, samplers: ['top_k', 'temperature'], logit_bias: { 15: -100 } };

/** Requests of each route that takes a body: every shape of answer comes at least once. */
const REQUESTS: Readonly<Record<string, readonly object[]>> = {
  '/v1/chat/completions': [
    { messages },
    { messages, n: 2, logprobs: true, top_logprobs: 2, speculative: speculation },
    { messages, stream: true, stream_options: { include_usage: true }, timings_per_token: true, return_progress: true },
    { messages, stream: true, n: 2, logprobs: true },
  ],
  '/v1/chat/completions/input_tokens': [{ messages }],
  '/v1/completions': [
    { prompt: ['Once', 'Twice'], logprobs: 2, n: 2 },
    { prompt: 'Once', echo: true },
    { prompt: 'Once', stream: true, echo: true, stream_options: { include_usage: true } },
    { prompt: 'Once', stream: true, logprobs: 1, timings_per_token: true, return_progress: true },
  ],
  '/completion': [
    { prompt: 'Once', ...sampling, n_probs: 2, return_tokens: true, stop: ['x'] },
    { prompt: ['Once', [1, 2]], stop: ['world'], n_predict: 2 },
    { prompt: 'Once', response_fields: ['content', 'timings/predicted_n'] },
    { prompt: 'Once', stream: true, n_probs: 1, timings_per_token: true, return_progress: true },
    { prompt: 'Once', stream: true, response_fields: ['content'] },
  ],
  '/tokenize': [{ content: 'a' }, { content: 'aé', with_pieces: true }],
  '/detokenize': [{ tokens: [97, 98] }],
  '/apply-template': [{ messages }],
  '/api/v1/generate': [
    { prompt: 'Once' },
    { prompt: 'Once', logprobs: true, stop_sequence: ['world'], trim_stop: false },
  ],
  '/api/extra/generate/stream': [{ prompt: 'Once' }, { prompt: 'Once', stop_sequence: ['world'], trim_stop: false }],
  '/api/extra/generate/check': [{}, { genkey: 'a' }],
  '/api/extra/last_logprobs': [{}],
  '/api/extra/abort': [{}],
  '/api/extra/tokencount': [{ prompt: 'a' }],
  '/api/extra/detokenize': [{ ids: [97] }],
  '/api/outrider/generate': [{ messages }, { prompt: 'Once', resume: 'Hello', speculative: speculation }],
  '/api/outrider/compare': [
    { prompt: 'Once', stream: false },
    { messages, seed: 3 },
  ],
};

describe('the OpenAPI document', () => {
  test('has every route that is mounted, and no other', async () => {
    const server = serverOf();
    const { paths } = await documentOf(server);
    const told = Object.entries(paths as object).flatMap(([path, item]) =>
      Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const absent = new Set(DIALECTS.flatMap((dialect) => dialect.absent));
    const mounted = server.app.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/' && !absent.has(path))
      .map(({ method, path }) => `${method} ${path.replace(':id{.+}', '{id}')}`);
    expect(told.toSorted()).toEqual(mounted.toSorted());
    expect(told).toContain('POST /api/latest/generate');
  });

  test('has the schemas of what is read, answered, streamed, and of errors', async () => {
    const { paths } = await documentOf(serverOf());
    const { requestBody, responses } = paths['/v1/chat/completions'].post;
    const { schema } = requestBody.content['application/json'];
    expect(schema.required).toEqual(['messages']);
    expect(schema.properties).toHaveProperty('temperature');
    expect(responses[200].content['application/json'].schema.properties).toHaveProperty('usage');
    expect(responses[200].content['text/event-stream'].schema.properties.object.const).toBe('chat.completion.chunk');
    expect(responses.default.content['application/json'].schema.properties).toHaveProperty('error');
    expect(
      paths['/api/v1/generate'].post.responses.default.content['application/json'].schema.properties,
    ).toHaveProperty('detail');
    expect(paths['/v1/models/{id}'].get.parameters).toMatchObject([{ name: 'id', in: 'path', required: true }]);
    expect(paths['/health'].get.security).toEqual([]);
    expect(JSON.stringify(paths)).not.toContain('"readOnly"');
  });
});

/** The answer is what its schema says, and nothing besides. */
const expectAnswer = async ({ answer }: Route, response: Response): Promise<void> => {
  expect(response.status, await response.clone().text()).toBe(200);
  const type = response.headers.get('content-type')!;
  if (type.startsWith('text/event-stream')) {
    const events = (await eventsOf(response)).filter((event) => event !== '[DONE]');
    expect(events).not.toEqual([]);
    for (const event of events) expect(answer.events!.parse(event)).toEqual(event);
  } else if (type.startsWith('application/json')) {
    const json = await response.json();
    expect(answer.json!.parse(json)).toEqual(json);
  } else {
    expect(type).toContain(answer.text!);
  }
};

describe('answers are what their schemas say:', () => {
  const routes = routesOf(serverOf().context);

  test.each(routes.map((route) => [`${route.method} ${route.paths[0]}`, route] as const))('%s', async (_, route) => {
    const [path] = route.paths;
    const server = serverOf();
    if (route.method === 'post') {
      for (const request of REQUESTS[path]!) await expectAnswer(route, await server.post(path, request));
    } else if (path.endsWith('/rounds')) {
      await expectRounds(server, route);
    } else {
      await expectAnswer(route, await server.get(path.replace(':id{.+}', 'main')));
    }
  });

  test.each(['/v1/chat/completions', '/v1/completions', '/completion'])('%s of all that can happen', async (path) => {
    const service = new FakeService(eventful);
    const route = routes.find(({ paths }) => paths.includes(path))!;
    const body = { messages, prompt: 'Once', stream: true, return_progress: true, timings_per_token: true };
    await expectAnswer(route, await serverOf({ service }).post(path, body));
    await expectAnswer(route, await serverOf({ service }).post(path, { ...body, stream: false }));
  });

  test('generate and rounds of all that can happen', async () => {
    const service = new FakeService(eventful);
    const server = serverOf({ service });
    const path = '/api/outrider/generate';
    const generate = routes.find(({ paths }) => paths.includes(path))!;
    await expectAnswer(generate, await server.post(path, { prompt: 'Once' }));
    await expectRounds(server, routes.find(({ paths }) => paths[0].endsWith('/rounds'))!);
    service.script = failsAfter(['Once'], new OutriderError('engine_died', 'it died'));
    await expectAnswer(generate, await server.post(path, { prompt: 'Once' }));
  });

  test('KoboldCpp’s perf and last_logprobs behind a generation', async () => {
    const server = serverOf();
    await server.post('/api/v1/generate', { prompt: 'Once', logprobs: true });
    for (const path of ['/api/extra/perf', '/api/extra/last_logprobs']) {
      await expectAnswer(routes.find(({ paths }) => paths.includes(path))!, await server.get(path));
    }
    expect(await (await server.get('/api/extra/last_logprobs')).json()).toMatchObject({
      logprobs: { token_logprobs: expect.any(Array) },
    });
  });
});

/** Messages of a request that runs meanwhile. */
async function expectRounds(server: TestServer, { answer }: Route): Promise<void> {
  const reader = (await server.get('/api/outrider/rounds')).body!.getReader();
  await (await server.post('/v1/completions', { prompt: 'Once' })).text();
  let seen = '';
  while (!seen.includes('"end"')) seen += new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  for (const frame of seen.split('\n\n').filter((frame) => frame.startsWith('data: '))) {
    const message = JSON.parse(frame.slice('data: '.length));
    expect(answer.events!.parse(message)).toEqual(message);
  }
}

/** A generation with every optional thing in its events. */
const eventful = async function* () {
  const route = { to: 'target', rule: 'none', reason: 'why', escalated: { atToken: 2, confidence: 0.5 } } as const;
  const events = [
    startEvent({ mode: 'auto', leniency: 0.5, route, notes: ['a note'] }),
    { type: 'prompt', evaluated: 2, total: 3, cached: 1 } as const,
    { ...roundEvent([1, 2], 2, 3), escalated: true } as const,
    textEvent('Hi', 'escalated'),
  ];
  yield { type: 'queued', ahead: 1 } as const;
  yield* events;
  yield finishEvent(events, {
    route,
    stop: 'x',
    cachedTokens: 1,
    shifted: 1,
    dropped: 1,
    letThrough: ['y'],
    drafts: [{ model: 'draft', cachedTokens: 1, shifted: 1, evaluatedTokens: 2 }],
  });
};
