import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { OutriderError } from '../errors.js';
import { DIALECTS } from './dialects.js';
import { Server } from './server.js';
import { SERVER_DEFAULTS, type ServerSettings } from './settings.js';
import { FakeService, says } from './testing/fake-service.js';

const open: Server[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
});

async function openServer(settings: Partial<ServerSettings> = {}, host = '127.0.0.1', port = 0): Promise<Server> {
  const server = await Server.open({
    host,
    port,
    settings: { ...SERVER_DEFAULTS, stopMs: 50, ...settings },
    dialects: DIALECTS,
    version: '1.2.3',
    log: pino({ level: 'silent' }),
    now: () => performance.now(),
    clock: () => Date.now(),
  });
  open.push(server);
  return server;
}

/** A generation of many pieces, each a few milliseconds after the other. */
const slow = () => says(Array(1000).fill('x'), () => new Promise((resolve) => setTimeout(resolve, 5)));

const chat = (fields: object = {}) => ({
  method: 'POST',
  body: JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], ...fields }),
});

/** Sends bytes as they are and gives back all that comes until the server closes. */
function raw(port: number, bytes: string, end = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => (end ? socket.end(bytes) : socket.write(bytes)));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

describe('a server', () => {
  test('says that it loads, then answers', async () => {
    const server = await openServer();
    const loading = await fetch(`${server.url}/health`);
    expect(loading.status).toBe(503);
    expect(await loading.json()).toMatchObject({ error: { type: 'unavailable_error' } });
    server.loadsAgain('loading did not get on for 600 s');
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({
      error: { message: 'the models are being loaded again: loading did not get on for 600 s' },
    });
    server.serve(new FakeService());
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ status: 'ok' });
    const answer = await fetch(`${server.url}/v1/chat/completions`, chat());
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'Hello, world!' } }] });
  });

  test('measures its own process too', async () => {
    const server = await openServer();
    server.serve(new FakeService());
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/\nnodejs_eventloop_lag_p99_seconds \d/);
  });

  test('announces a keep-alive of at least a minute', async () => {
    const server = await openServer();
    const timeout = (await fetch(`${server.url}/health`)).headers.get('keep-alive');
    expect(Number(/timeout=(\d+)/.exec(timeout ?? '')?.[1])).toBeGreaterThanOrEqual(60);
  });

  test('answers one request after another on a connection, streams among them', async () => {
    const server = await openServer();
    server.serve(new FakeService());
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (stream: boolean) =>
      new Promise<string>((resolve, reject) => {
        const { method, body } = chat({ stream });
        const sent = httpRequest(`${server.url}/v1/chat/completions`, { method, agent }, (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve(text));
        });
        sent.on('error', reject);
        sent.end(body);
      });
    for (const stream of [false, true, true, false]) expect(await ask(stream)).toContain(stream ? '[DONE]' : 'world');
    agent.destroy();
  });

  test('ends the generation of a client that leaves', async () => {
    const server = await openServer();
    const service = new FakeService(slow());
    server.serve(service);
    for (const stream of [true, false]) {
      const abort = new AbortController();
      const asked = fetch(`${server.url}/v1/chat/completions`, { ...chat({ stream }), signal: abort.signal });
      await expect.poll(() => service.running).toBe(1);
      if (stream) await (await asked).body!.getReader().read();
      abort.abort();
      await asked.catch(() => {});
      await expect.poll(() => service.running).toBe(0);
    }
  });
});

describe('a request that is refused', () => {
  const answerTo = (port: number, path: string, length: number, body: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n${body}`),
      );
      socket.once('data', (chunk) => {
        resolve(String(chunk));
        socket.destroy();
      });
      socket.on('error', reject);
    });

  test('before all of it came is told that its connection ends', async () => {
    const server = await openServer({ bodyLimitBytes: 1000 });
    server.serve(new FakeService());
    for (const path of ['/v1/completions', '/nowhere']) {
      expect(await answerTo(server.port, path, 5000, '{')).toMatch(
        /^HTTP\/1.1 4\d\d (?:.*\r\n)*connection: close\r\n/i,
      );
    }
  });

  test('as a whole keeps its connection', async () => {
    const server = await openServer();
    server.serve(new FakeService());
    for (const path of ['/v1/completions', '/nowhere']) {
      expect(await answerTo(server.port, path, 1, '{')).toMatch(
        /^HTTP\/1.1 4\d\d (?:.*\r\n)*connection: keep-alive\r\n/i,
      );
    }
  });
});

describe('a client that does not read', () => {
  test('holds its own generation back, and no other; it gets all of it later', async () => {
    const server = await openServer();
    let pulled = 0;
    const count = 40_000;
    const service = new FakeService(says(Array(count).fill('x'.repeat(1000)), async () => void pulled++));
    server.serve(service);
    const socket = connect(server.port, '127.0.0.1');
    socket.pause();
    const { body } = chat({ stream: true });
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await expect.poll(() => pulled).toBeGreaterThan(100);
    // What the sockets of the system hold, and no more.
    let before = -1;
    await expect
      .poll(
        () => {
          const isStill = pulled === before;
          before = pulled;
          return isStill;
        },
        { interval: 100 },
      )
      .toBe(true);
    expect(pulled).toBeLessThan(count / 4);
    const other = await fetch(`${server.url}/v1/chat/completions`, chat({ max_tokens: 50 }));
    expect(
      ((await other.json()) as { choices: [{ message: { content: string } }] }).choices[0].message.content,
    ).toHaveLength(50_000);

    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(bytes).toBeGreaterThan(count * 1000);
  });
});

describe('an address', () => {
  test.each([
    ['127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['localhost', /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/],
    ['0.0.0.0', /^http:\/\/127\.0\.0\.1:\d+$/],
  ])('%s is told as one that a client can use', async (host, url) => {
    const server = await openServer({}, host);
    expect(server.url).toMatch(url);
    expect((await fetch(`${server.url}/health`)).status).toBe(503);
  });
});

describe('an address that cannot be had', () => {
  test('is refused with the way out', async () => {
    const first = await openServer();
    const second = openServer({}, '127.0.0.1', first.port);
    await expect(second).rejects.toThrow(OutriderError);
    await expect(second).rejects.toThrow(/--port \d+/);
    expect((await fetch(`${first.url}/health`)).status).toBe(503);
  });

  test('of another machine', async () => {
    await expect(openServer({}, '203.0.113.7')).rejects.toThrow(/no address of this machine/);
  });
});

describe('what is no request', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['an unknown method', 'FETCH / HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['no Host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['a broken header', 'GET /health HTTP/1.1\r\nHost: localhost\r\nbroken header\r\n\r\n', 400],
    ['a header flood', `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ['a length that is none', 'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n', 400],
    [
      'a broken chunk',
      'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
    ['a Host that is none', 'GET /health HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
  ])('%s gets OpenAI’s body', async (_, bytes, status) => {
    const server = await openServer();
    server.serve(new FakeService());
    const text = await raw(server.port, bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ error: { code: status } });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  test('half a request does no harm', async () => {
    const server = await openServer();
    server.serve(new FakeService());
    await raw(
      server.port,
      'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"pro',
      true,
    );
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });
});

describe('a client that asks before it sends', () => {
  const asking = (port: number, length: number, body: string) =>
    raw(
      port,
      `POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`,
    );

  test('may', async () => {
    const server = await openServer();
    server.serve(new FakeService());
    const body = '{"prompt":"a"}';
    expect(await asking(server.port, body.length, body)).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
  });

  test('may not where it is too much', async () => {
    const server = await openServer({ bodyLimitBytes: 1000 });
    server.serve(new FakeService());
    expect(await asking(server.port, 2000, '')).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe('a server that is told to stop', () => {
  test('lets what runs finish', async () => {
    const server = await openServer({ stopMs: 10_000 });
    let goOn = (): void => {};
    const stopping = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const service = new FakeService(says(['a', 'b', 'c'], () => stopping));
    server.serve(service);
    const asked = fetch(`${server.url}/v1/chat/completions`, chat());
    await expect.poll(() => service.running).toBe(1);
    const stopped = server.stop();
    goOn();
    expect(await (await asked).json()).toMatchObject({
      choices: [{ message: { content: 'abc' }, finish_reason: 'stop' }],
    });
    await stopped;
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  test('hands back what does not finish in time', async () => {
    const server = await openServer({ stopMs: 30 });
    const service = new FakeService(slow());
    server.serve(service);
    const streamed = await fetch(`${server.url}/v1/chat/completions`, chat({ stream: true }));
    const whole = fetch(`${server.url}/v1/chat/completions`, chat());
    await expect.poll(() => service.running).toBe(2);
    await server.stop();
    const text = await streamed.text();
    expect(text).toContain('the server is stopping');
    expect(text).not.toContain('[DONE]');
    expect((await whole).status).toBe(503);
    expect(service.running).toBe(0);
  });

  test('does not wait for a client that does not read', async () => {
    const server = await openServer({ stopMs: 20 });
    const service = new FakeService(says(Array(100_000).fill('x'.repeat(1000))));
    server.serve(service);
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.pause();
    const { body } = chat({ stream: true });
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await expect.poll(() => service.running).toBe(1);
    await server.stop();
    await expect.poll(() => service.running).toBe(0);
    socket.destroy();
  });

  test('does not wait for connections that idle', async () => {
    const server = await openServer();
    const socket = connect(server.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    await server.stop();
    socket.destroy();
  });
});
