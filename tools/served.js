// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary.js';

const PROGRAM = fileURLToPath(new URL('../bin/outrider.js', import.meta.url));

/** @typedef {{ state: string, restarts: number, pid: number, running: number, queued: number }} Status */

/**
 * A server that runs as a process of its own, as a user has it.
 * @typedef {object} Served
 * @property {string} url
 * @property {number} pid of the server; the engine's is in `status`
 * @property {() => Promise<Status>} status
 * @property {(path: string, body: object, signal?: AbortSignal) => Promise<Response>} post
 * @property {() => string} said what it wrote to standard error so far
 * @property {() => Promise<void>} stop
 */

/**
 * Starts `outrider serve` with these flags on a free port, and waits until it is ready. It leaves the user's cache alone
 * and ends with this process.
 *
 * @param {readonly string[]} flags
 * @returns {Promise<Served>}
 */
export async function startServer(flags) {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0', '--log-level', 'error', ...flags], {
    env: { ...process.env, XDG_CACHE_HOME: temporaryFolder() },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => process.exit(1));
  let said = '';
  const ended = once(child, 'exit');
  /** @type {string} */
  const url = await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk;
      const ready = /ready: (\S+) /.exec(said);
      if (ready?.[1] !== undefined) resolve(ready[1]);
    });
    ended.then(() => reject(new Error(`the server ended before it was ready:\n${said}`)));
  });
  return {
    url,
    pid: /** @type {number} */ (child.pid),
    status: async () => /** @type {Promise<Status>} */ ((await fetch(`${url}/api/outrider/status`)).json()),
    post: (path, body, signal) => post(`${url}${path}`, JSON.stringify(body), signal),
    said: () => said,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * Node's own client: an answer of `fetch` that is aborted at the wrong moment may never settle.
 *
 * @param {string} url
 * @param {string} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
function post(url, body, signal) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent: false, ...(signal && { signal }) }, (incoming) => {
      const stream = /** @type {ReadableStream<Uint8Array>} */ (Readable.toWeb(incoming));
      const headers = { 'content-type': incoming.headers['content-type'] ?? '' };
      resolve(new Response(stream, { status: incoming.statusCode ?? 0, headers }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/**
 * The events of a stream as they come: what stands behind `data: `, comments left out.
 *
 * @param {Response} response
 * @returns {AsyncGenerator<string, void, void>}
 */
export async function* eventsOf(response) {
  const decoder = new TextDecoder();
  let received = '';
  for await (const chunk of /** @type {AsyncIterable<Uint8Array>} */ (response.body)) {
    received += decoder.decode(chunk, { stream: true });
    const frames = received.split('\n\n');
    received = frames.pop() ?? '';
    for (const frame of frames) {
      const data = /^data: (.*)$/m.exec(frame)?.[1];
      if (data !== undefined) yield data;
    }
  }
  if (received !== '') throw new Error(`the stream ended within a frame: ${received.slice(0, 80)}`);
}
