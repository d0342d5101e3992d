// @ts-check
/** A server that has the built page and a recording instead of an engine. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** @import { Recorded, Recording } from './page-recording.js' */

/** @type {Readonly<Record<string, string>>} */
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/**
 * The files of the built page by path, packed.
 * @param {string} folder
 * @returns {ReadonlyMap<string, { type: string, packed: Buffer }>}
 */
export function pageFiles(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => extname(name) in TYPES);
  return new Map(
    names.map((name) => [
      name === 'index.html' ? '/' : `/${name.replaceAll('\\', '/')}`,
      { type: TYPES[extname(name)] ?? '', packed: gzipSync(readFileSync(join(folder, name))) },
    ]),
  );
}

/**
 * `answer` is what the next questions are answered with; what is recorded of rounds runs over and over, at its own pace.
 *
 * @param {ReturnType<typeof pageFiles>} files
 * @param {Recording} recording
 * @param {{ answer: readonly Recorded[] }} script
 */
export async function replay(files, recording, script) {
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0] ?? '/';
    const file = files.get(path);
    const document = recording.documents[path];
    if (file !== undefined) {
      response.writeHead(200, { 'Content-Type': file.type, 'Content-Encoding': 'gzip' }).end(file.packed);
    } else if (document !== undefined) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(document);
    } else if (path === '/api/outrider/generate') {
      await stream(response, script.answer, 'once');
    } else if (path === '/api/outrider/rounds') {
      await stream(response, recording.rounds, 'again');
    } else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {readonly Recorded[]} events
 * @param {'once' | 'again'} times
 */
async function stream(response, events, times) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
  do {
    const began = performance.now() - (events[0]?.[0] ?? 0);
    for (const [at, data] of events) {
      const early = at - (performance.now() - began);
      if (early > 1) await delay(early);
      if (response.destroyed) return;
      response.write(`data: ${data}\n\n`);
    }
  } while (times === 'again');
  response.end();
}
