/** Public bug reports of other servers, T-18 to T-20: what happens when much comes at once, or nothing for a while. */
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROL, type Json, TrapServer } from './testing/trap-server.js';

const COMPLETIONS = '/v1/completions';
const ENDLESS = { ...CONTROL, max_tokens: -1, ignore_eos: true };
const DRAFTED = { 'speculative.n_min': 8, 'speculative.n_max': 8 };

describe('T-18 one request outgrows the context beside others', () => {
  let server: TrapServer;
  beforeAll(async () => {
    server = await TrapServer.open({ contextSize: 256, parallel: 4 });
  });
  afterAll(() => server.close());

  it.each([100, 240])('each of four has its own 256 cells, with prompts of %i tokens', async (length) => {
    const { tokens } = await server.ask('/tokenize', {
      content: 'There was a mole, and a hill, and a kite. '.repeat(30),
    });
    const prompts = [0, 1, 2, 3].map((i) => tokens.slice(i, i + length));
    const bodies = prompts.map((prompt, i) => ({
      ...DRAFTED,
      prompt,
      temperature: 0,
      ignore_eos: true,
      ...(i < 3 && { max_tokens: Math.min(120, 256 - length - 4) }),
    }));
    const alone = [];
    for (const body of bodies.slice(0, 3)) alone.push((await server.ask(COMPLETIONS, body)).choices[0].text);
    const running = bodies.map((body) => server.ask(COMPLETIONS, body));
    const tooLong = await server.post(COMPLETIONS, { prompt: tokens.slice(0, 300), stream: true });
    expect([tooLong.status, ((await tooLong.json()) as Json).error.type]).toEqual([400, 'exceed_context_size_error']);
    const later = [server.controlText(), server.controlText()];
    const answers = await Promise.all(running);
    expect(answers.slice(0, 3).map(({ choices }) => choices[0].text)).toEqual(alone);
    expect(answers[3].choices[0].finish_reason).toBe('length');
    expect(answers[3].usage.total_tokens).toBe(256);
    const [one, other] = await Promise.all(later);
    expect(one).toBe(other);
    await server.expectUnharmed();
  });
});

describe('T-19 health and neighbours during a huge prompt', () => {
  let server: TrapServer;
  beforeAll(async () => {
    server = await TrapServer.open({ contextSize: 2048, parallel: 4 });
  });
  afterAll(() => server.close());

  const MEBIBYTE = 2 ** 20;
  const huge: readonly (readonly [string, string])[] = [
    ['one word', 'a'.repeat(30 * MEBIBYTE)],
    ['spaces', ' '.repeat(30 * MEBIBYTE)],
    ['line ends', '\n'.repeat(15 * MEBIBYTE)],
    ['no spaces', '語'.repeat(10 * MEBIBYTE)],
    ['control tokens', '<|user|>'.repeat(3 * MEBIBYTE)],
  ];

  it.each(huge)('30 MB of %s are refused or counted beside streams that go on', async (_, text) => {
    const body = { ...CONTROL, max_tokens: 300, ignore_eos: true };
    const usual = (await server.ask(COMPLETIONS, body)).choices[0].text;
    const streams = [server.ask(COMPLETIONS, body), server.ask(COMPLETIONS, body)];
    const prompt = await server.post(COMPLETIONS, { prompt: text });
    expect([prompt.status, ((await prompt.json()) as Json).error.type]).toEqual([400, 'exceed_context_size_error']);
    for (const [path, content] of [
      ['/tokenize', { content: text }],
      ['/api/extra/tokencount', { prompt: text }],
    ] as const) {
      expect((await server.post(path, content)).status, path).toBe(413);
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
    }
    const parts = Array.from({ length: 100_000 }, () => ({ type: 'text', text: 'word '.repeat(50) }));
    const chat = await server.post('/v1/chat/completions', { messages: [{ role: 'user', content: parts }] });
    expect(chat.status).toBe(400);
    for (const stream of streams) expect((await stream).choices[0].text).toBe(usual);
    await server.expectUnharmed();
  });

  it('no stream waits for all of eight long prompts', async () => {
    let pieces = 0;
    const response = await server.post(COMPLETIONS, { ...ENDLESS, stream: true });
    const reader = response.body!.getReader();
    const reading = (async () => {
      while (!(await reader.read()).done) pieces += 1;
    })();
    await expect.poll(() => pieces).toBeGreaterThan(2);
    const seen: number[] = [];
    const prompts = Array.from({ length: 8 }, async (_, i) => {
      await server.ask(COMPLETIONS, {
        prompt: `${i} ${'a word or two '.repeat(460)}`,
        max_tokens: 1,
        cache_prompt: false,
      });
      seen.push(pieces);
    });
    await Promise.all(prompts);
    // It got something in between, each time a place was free for the next of them.
    expect(seen.at(-1)).toBeGreaterThan(seen[0]! + 2);
    await reader.cancel();
    await reading;
    await server.expectUnharmed();
  });
});

describe('T-20 headers of a queued stream, and a connection used again', () => {
  let server: TrapServer;
  beforeAll(async () => {
    server = await TrapServer.open({ contextSize: 2048, parallel: 1 });
  });
  afterAll(() => server.close());

  it('headers come while the request waits; a prompt that is too long is a status at once', async () => {
    const first = await server.post(COMPLETIONS, { ...ENDLESS, stream: true });
    const queued = await server.post(COMPLETIONS, { ...CONTROL, stream: true });
    expect(queued.status).toBe(200);
    expect(await server.pair.service.status()).toMatchObject({ running: 1, queued: 1 });
    const tooLong = await server.post(COMPLETIONS, { prompt: 'word '.repeat(3000), stream: true });
    expect(tooLong.status).toBe(400);
    await first.body!.cancel();
    const events = (await queued.text()).split('\n\n').filter((frame) => frame.startsWith('data: {'));
    expect(events.map((frame) => JSON.parse(frame.slice(6)).choices[0].text).join('')).toBe(await server.controlText());
    await server.expectUnharmed();
  });

  /** A request of Node's own client; resolves when all of its answer is there. */
  function over(agent: Agent, path: string, body?: object): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = httpRequest(`${server.url}${path}`, { agent, method: body ? 'POST' : 'GET' }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  }

  it('connections that idle for about five seconds are used again without a reset, after streams too', async () => {
    const pauses = Array.from({ length: 40 }, (_, i) => 4_500 + 25 * i);
    await Promise.all(
      pauses.map(async (pause, i) => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        if (i % 2) await over(agent, COMPLETIONS, { ...CONTROL, max_tokens: 2, stream: true });
        else await over(agent, '/health');
        await sleep(pause);
        expect(await over(agent, '/health')).toContain('ok');
        agent.destroy();
      }),
    );
  });

  it('two requests sent at once on a connection are answered in their order', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    const first = JSON.stringify({ ...CONTROL, max_tokens: 3 });
    socket.write(
      `POST ${COMPLETIONS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${first.length}\r\n\r\n${first}GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    );
    await expect.poll(() => received.match(/HTTP\/1\.1 200 OK/g)?.length).toBe(2);
    await expect.poll(() => received).toContain('"status":"ok"');
    expect(received.indexOf('text_completion')).toBeLessThan(received.indexOf('"status":"ok"'));
    socket.destroy();
    await server.expectUnharmed();
  });
});
