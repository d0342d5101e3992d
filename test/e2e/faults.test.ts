/** Clients that leave at every stage, and bytes that are no requests, beside a stream that must not notice. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ServedPair, servePair } from './testing/served-pair.js';

const CONTROL = { prompt: 'Once upon a time there was', max_tokens: 32, temperature: 0 };
const LONG = { ...CONTROL, max_tokens: 400, ignore_eos: true };
const ENDLESS = { ...CONTROL, max_tokens: -1, ignore_eos: true, stream: true };

let pair: ServedPair;
let control: string;
beforeAll(async () => {
  pair = await servePair({ strict: true, parallel: 2, contextSize: 2048 });
  control = await textOf(CONTROL);
});
afterAll(() => pair.close());

async function textOf(body: object, signal?: AbortSignal): Promise<string> {
  const response = await fetch(`${pair.url}/v1/completions`, {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  expect(response.status, await response.clone().text()).toBe(200);
  const answer = (await response.json()) as { choices: [{ text: string }] };
  return answer.choices[0].text;
}

/** A request as bytes. */
function bytesOf(body: object): string {
  const text = JSON.stringify(body);
  return `POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

/** A connection that has said `bytes` and may be left; `received` is what came back so far. */
async function said(bytes: string | Uint8Array): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(Number(new URL(pair.url).port), '127.0.0.1');
  socket.on('error', () => {});
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  return { socket, received: () => received };
}

const load = async (): Promise<readonly [running: number, queued: number]> => {
  const { running, queued } = await pair.service.status();
  return [running, queued];
};

describe('a client that leaves', () => {
  it('in the middle of its own request costs nothing', async () => {
    for (const bytes of ['POST /v1/comp', bytesOf(ENDLESS).slice(0, 60), bytesOf(ENDLESS).slice(0, -1)]) {
      const { socket } = await said(bytes);
      socket.destroy();
    }
    expect(await load()).toEqual([0, 0]);
    expect(await textOf(CONTROL)).toBe(control);
  });

  it.each([
    ['while its prompt is evaluated, streamed', { ...ENDLESS, prompt: 'word '.repeat(1800) }],
    ['while its prompt is evaluated, not streamed', { ...LONG, prompt: 'word '.repeat(1600) }],
    ['before any header of an answer that is not streamed', { ...ENDLESS, stream: false }],
  ])('%s gives its place back', async (_, body) => {
    const { socket, received } = await said(bytesOf(body));
    await expect.poll(load).toEqual([1, 0]);
    expect(received()).not.toContain('"text":"');
    socket.destroy();
    await expect.poll(load).toEqual([0, 0]);
    expect(await textOf(CONTROL)).toBe(control);
  });

  it('in the middle of a stream, by an end or by a reset, gives its place back', async () => {
    for (const leave of ['destroy', 'resetAndDestroy'] as const) {
      const { socket, received } = await said(bytesOf(ENDLESS));
      await expect.poll(received).toContain('"text":"');
      socket[leave]();
      await expect.poll(load).toEqual([0, 0]);
    }
    expect(await textOf(CONTROL)).toBe(control);
  });

  it('out of the queue moves nobody but those behind it', async () => {
    const [first, second] = [await said(bytesOf(ENDLESS)), await said(bytesOf(ENDLESS))];
    await expect.poll(load).toEqual([2, 0]);
    const leaving = [await said(bytesOf(ENDLESS)), await said(bytesOf({ ...ENDLESS, stream: false }))];
    await expect.poll(load).toEqual([2, 2]);
    const waiting = textOf(CONTROL);
    await expect.poll(load).toEqual([2, 3]);
    for (const { socket } of leaving) socket.destroy();
    await expect.poll(load).toEqual([2, 1]);
    first.socket.destroy();
    expect(await waiting).toBe(control);
    second.socket.destroy();
    await expect.poll(load).toEqual([0, 0]);
  });
});

describe('beside a stream', () => {
  let undisturbed: string;
  beforeEach(async () => {
    undisturbed ??= await textOf(LONG);
  });

  const header = 'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n';
  const garbage: readonly (readonly [string, string | Uint8Array, RegExp | undefined])[] = [
    ['bytes of nothing', Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256), /^HTTP\/1\.1 400 /],
    ['the greeting of TLS', Uint8Array.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), /^HTTP\/1\.1 400 /],
    ['zeros', new Uint8Array(100_000), /^HTTP\/1\.1 400 /],
    ['one header of a megabyte', `${header}X: ${'x'.repeat(2 ** 20)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['ten thousand headers', `${header}${'X: y\r\n'.repeat(10_000)}\r\n`, /^HTTP\/1\.1 431 /],
    ['two lengths', `${header}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, /^HTTP\/1\.1 400 /],
    ['a length and chunks', `${header}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`, /^HTTP\/1\.1 400 /],
    ['a chunk of 2^60 bytes', `${header}Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n{}`, undefined],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 /],
    ['an upgrade', 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', undefined],
    ['a proxy request', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n', undefined],
    [
      'invalid UTF-8',
      Buffer.concat([Buffer.from(`${header}Content-Length: 4\r\n\r\n"`), Buffer.from([0xff, 0xfe, 0x22])]),
      /^HTTP\/1\.1 400 /,
    ],
    ['JSON a million deep', `${header}Content-Length: 1000000\r\n\r\n${'['.repeat(1_000_000)}`, /^HTTP\/1\.1 400 /],
  ];

  it.each(garbage)('%s is refused', async (_, bytes, answer) => {
    const stream = textOf(LONG);
    await expect.poll(load).toEqual([1, 0]);
    const { socket, received } = await said(bytes);
    if (answer !== undefined) await expect.poll(received).toMatch(answer);
    socket.destroy();
    expect((await fetch(`${pair.url}/health`)).status).toBe(200);
    expect(await stream).toBe(undisturbed);
  });

  it('a hundred connections that say half of something, and nothing more, keep nobody out', async () => {
    const stream = textOf(LONG);
    const halves = await Promise.all(Array.from({ length: 100 }, (_, i) => said(bytesOf(ENDLESS).slice(0, 5 + i))));
    expect(await textOf(CONTROL)).toBe(control);
    expect(await stream).toBe(undisturbed);
    for (const { socket } of halves) socket.destroy();
    expect(await load()).toEqual([0, 0]);
  });
});
