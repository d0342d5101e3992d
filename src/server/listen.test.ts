import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Listening, listen } from './listen.js';
import { encodeFailure } from './openai-errors.js';

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listening) => listening.close()));
});

/** A server that is soon impatient, and what it answers to bytes that stop in the middle. */
async function answerTo(bytes: string): Promise<string> {
  const listening = await listen({
    host: '127.0.0.1',
    port: 0,
    fetch: async (request) => Response.json(await request.text()),
    bodyLimitBytes: 1000,
    limits: { headersMs: 50, requestMs: 100, checkMs: 10 },
    encodeFailure,
  });
  open.push(listening);
  return new Promise((resolve, reject) => {
    const socket = connect(listening.port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

describe('a request that does not come to its end', () => {
  test.each([
    ['within its headers', 'POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: '],
    ['within its body', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"half'],
  ])('%s is told so', async (_, bytes) => {
    const text = await answerTo(bytes);
    expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ error: { code: 408 } });
  });
});
