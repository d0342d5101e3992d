import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPeers } from './index.js';
import { argvOf, openLlamaServers } from './llama-server.js';
import { ServerProcess } from './server-process.js';

/** Stands in for the real server: health, completions that count what it was started with, SIGSTOP like any process. */
const PROGRAM = `#!${process.execPath}
const { createServer } = require('node:http');
require('node:fs').appendFileSync(process.env.PIDS, process.pid + '\\n');
const argv = process.argv.slice(2);
const value = (flag) => argv[argv.indexOf(flag) + 1];
if (process.env.BROKEN) { console.error('cannot open the model'); process.exit(1); }
console.log('system_info: n_threads = 1 / 2 | CPU : AVX2 = 1 | REPACK = 1 | ');
createServer((request, response) => {
  if (process.env.SILENT_HEALTH) return;
  if (request.url === '/health') return response.end('{}');
  if (process.env.DIES) { console.error('out of memory'); process.exit(1); }
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', () => {
    const { n_predict, prompt } = JSON.parse(body);
    const drafts = argv.includes('-md') && !process.env.SILENT;
    const timings = drafts ? { draft_n: Number(value('--spec-draft-n-max')) || 3, draft_n_accepted: 2 } : {};
    response.end(JSON.stringify({ content: prompt.join(' '), tokens_predicted: n_predict, timings }));
  });
}).listen(Number(value('--port')), '127.0.0.1');
`;

let folder: string;
let program: string;
let pids: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-'));
  program = join(folder, 'server.cjs');
  pids = join(folder, 'pids');
  writeFileSync(program, PROGRAM, { mode: 0o755 });
});
beforeEach(() => writeFileSync(pids, ''));
afterEach(() => {
  for (const pid of readFileSync(pids, 'utf8').trim().split('\n').filter(Boolean)) {
    expect(() => process.kill(Number(pid), 0), `a server is left behind: ${pid}`).toThrow('ESRCH');
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const optionsOf = (env: NodeJS.ProcessEnv = {}) => ({
  program,
  target: 't.gguf',
  draft: 'd.gguf' as string | undefined,
  contextSize: 512,
  libraries: folder,
  grid: 'all' as const,
  threads: [1, 2],
  trial: [1, 2, 3],
  env: { ...process.env, PIDS: pids, ...env },
  now: () => performance.now(),
});

describe('llama-server', () => {
  it('is told to draft, and how much; its caches are off', () => {
    const models = { target: 't', draft: 'd', contextSize: 64 };
    const plain = '-m t -np 1 -c 64 -t 2 -tb 2 --no-cache-prompt --cache-ram 0 --host 127.0.0.1';
    expect(argvOf(models, 'plain', 2).join(' ')).toBe(plain);
    expect(argvOf(models, 'plain', 2, 4).join(' ')).toBe(plain.replace('-np 1 -c 64', '-np 4 -c 256'));
    const drafting =
      '-m t -np 1 -c 64 -t 1 -tb 1 --no-cache-prompt --cache-ram 0 --host 127.0.0.1 -md d --spec-type draft-simple -td 1 -tbd 1';
    expect(argvOf(models, 'default', 1).join(' ')).toBe(drafting);
    expect(argvOf(models, { max: 8, minConfidence: 0.75 }, 1).slice(-4)).toEqual([
      '--spec-draft-n-max',
      '8',
      '--spec-draft-p-min',
      '0.75',
    ]);
  });

  it('runs plain, at its defaults and on the grid, and sleeps in between', async () => {
    const peers = await openLlamaServers(optionsOf());
    try {
      expect(peers.map(({ setting }) => setting)).toEqual([
        'plain',
        'default',
        ...['2/0', '3/0.5', '4/0', '8/0.5', '8/0.75', '16/0.75'],
      ]);
      expect(peers[0]!.system).toBe('CPU : AVX2 = 1 | REPACK = 1');
      const request = { prompt: [5, 6], temperature: 0, seed: 1, tokens: 7 };
      const asleep = peers[4]!.generate(request);
      const first = await Promise.race([asleep, new Promise((resolve) => setTimeout(resolve, 150, 'asleep'))]);
      expect(first).toBe('asleep');
      peers[4]!.resume();
      expect(await asleep).toMatchObject({ tokens: 7, drafted: 4, accepted: 2, text: '5 6' });
      peers[0]!.resume();
      expect(await peers[0]!.generate(request)).toMatchObject({ tokens: 7, drafted: 0 });
    } finally {
      for (const peer of peers) await peer.close();
    }
  });

  it('that does not start says why, and one that drafts nothing is no opponent', async () => {
    await expect(openLlamaServers(optionsOf({ BROKEN: '1' }))).rejects.toThrow(/ended: cannot open the model/);
    await expect(openLlamaServers(optionsOf({ SILENT: '1' }))).rejects.toThrow(/drafts nothing/);
  });

  it('that dies over an answer says why', async () => {
    const dying = openLlamaServers(optionsOf({ DIES: '1' }));
    await expect(dying).rejects.toMatchObject({
      code: 'backend_failed',
      message: expect.stringMatching(/out of memory/),
    });
  });

  it('that takes connections and says nothing is given up at the deadline', async () => {
    const start = ServerProcess.start({
      program,
      argv: (port) => ['--port', String(port)],
      env: { ...process.env, PIDS: pids, SILENT_HEALTH: '1' },
      deadlineMs: 100,
      now: () => performance.now(),
    });
    await expect(start).rejects.toThrow(/did not answer within 0.1 s/);
  });

  it('has no other name', async () => {
    await expect(openPeers(['vllm'], optionsOf())).rejects.toMatchObject({ details: { parameter: 'against' } });
    await expect(openPeers(['llama-server='], optionsOf())).rejects.toThrow(/llama-server=PATH/);
  });
});
