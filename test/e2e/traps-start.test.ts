/** Public bug reports of other servers, T-15 to T-17 and the end of T-20: files, addresses and surroundings of a server. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DRAFT, MAIN } from './testing/pair.js';
import { enginePid, readyAt, ServeProcesses, storyFrom } from './testing/serve-process.js';
import { TrapServer } from './testing/trap-server.js';
import { Variants } from './testing/variants.js';

let processes: ServeProcesses;
let folder: string;
beforeAll(async () => {
  processes = await ServeProcesses.create();
  folder = await mkdtemp(join(tmpdir(), 'outrider-traps-'));
});
afterAll(async () => {
  await processes.remove();
  await rm(folder, { recursive: true });
});

describe('T-15 split files', () => {
  it('a server loads all parts of a target, whichever is named, and behind links without endings', async () => {
    const variants = await Variants.create();
    const parts = await variants.split(MAIN, 't.gguf', 2);
    const links = join(variants.folder, 'snap');
    await mkdir(links);
    for (const [i, part] of parts.entries()) await symlink(part, join(links, `l-0000${i + 1}-of-00002.gguf`));
    const texts = new Set<string>();
    for (const target of [MAIN, parts[1]!, join(links, 'l-00001-of-00002.gguf')]) {
      const server = await TrapServer.open({ target });
      texts.add(await server.controlText());
      await server.close();
    }
    expect(texts.size).toBe(1);
    await variants.remove();
  });
});

describe('T-16 a port that is taken, on either address family', () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  let holder: Server;
  let port: string;
  beforeAll(async () => {
    // Something that is not HTTP.
    holder = createServer((socket) => socket.end('220 mail\r\n'));
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    port = String((holder.address() as { port: number }).port);
  });
  afterAll(() => new Promise((resolve) => holder.close(resolve)));

  it.each(['127.0.0.1', '0.0.0.0'])('%s: one line with the way out, and nothing is loaded', async (host) => {
    const program = processes.start(['--host', host, '--port', port]);
    expect(await program.ended).toBe(1);
    expect(program.said).toMatch(/^outrider: cannot listen on [^\n]+ --port \d+ [^\n]+\n$/);
  });

  it.runIf(hasIpv6)('the other family is another address, and the start-up line shows it', async () => {
    const url = await readyAt(processes.start(['--host', '::1', '--port', port]));
    expect(url).toBe(`http://[::1]:${port}`);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it.each([
    ['--port', '70000'],
    ['--port', '-1'],
    ['--port', 'abc'],
  ])('%s %s is refused in one line', async (...flags) => {
    const program = processes.start(flags);
    expect(await program.ended).toBe(2);
    expect(program.said).toMatch(/^outrider: --port[^\n]*\n$/);
  });

  it('an address of another machine is refused in one line', async () => {
    const program = processes.start(['--host', '203.0.113.7', '--port', '0']);
    expect(await program.ended).toBe(1);
    expect(program.said).toMatch(/^outrider: [^\n]*--host 127\.0\.0\.1[^\n]*\n$/);
  });
});

describe('T-17 no home, no cache, names outside ASCII', () => {
  it('nothing in the environment, no home, a cache folder that is a file', async () => {
    const usual = await storyFrom(await readyAt(processes.start(['--port', '0'])));
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const env of [{}, { HOME: '/nonexistent' }, { HOME: folder, XDG_CACHE_HOME: file }]) {
      const program = processes.start(['--port', '0'], { env: { PATH: process.env.PATH, ...env } });
      const url = await readyAt(program);
      expect((await fetch(`${url}/health`)).status).toBe(200);
      expect(await storyFrom(url)).toBe(usual);
      expect(program.said.match(/^note: /gm)?.length ?? 0).toBeLessThanOrEqual(1);
    }
  });

  it('folders, models and settings under names of all kinds', async () => {
    const odd = join(folder, `тест 目录　ü ~ '"$(x)`);
    await mkdir(odd);
    await symlink(MAIN, join(odd, 'ziel ü.gguf'));
    await symlink(DRAFT, join(odd, 'entwurf 稿.gguf'));
    await writeFile(join(odd, 'schlüssel'), 'geheim\n');
    const config = { model: 'ziel ü.gguf', modelDraft: ['entwurf 稿.gguf'], apiKeyFile: 'schlüssel' };
    await writeFile(join(odd, 'einstellungen.json'), JSON.stringify(config));
    const env = { ...process.env, TMPDIR: odd, XDG_CACHE_HOME: join(odd, 'cache') };
    const program = processes.start(['--port', '0', '--config', 'einstellungen.json'], { cwd: odd, env });
    const url = await readyAt(program);
    expect(program.said).toContain(join(odd, 'einstellungen.json'));
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/v1/models`)).status).toBe(401);
    const models = await fetch(`${url}/v1/models`, { headers: { Authorization: 'Bearer geheim' } });
    expect(JSON.stringify(await models.json())).toContain('ziel ü');
  });

  it('a path that only a shell would understand is refused in words', async () => {
    const path = join(folder, 'tilde.json');
    await writeFile(path, '{"model": "~/main.gguf"}');
    const program = processes.start(['--port', '0', '--config', path]);
    expect(await program.ended).toBe(2);
    expect(program.said).toMatch(/^outrider: [^\n]*without ~[^\n]*\n$/);
  });
});

describe('T-20 a machine that sleeps', () => {
  it('goes on with the stream when it wakes: the pause is no hang of the engine', async () => {
    const program = processes.start(['--port', '0']);
    const url = await readyAt(program);
    const undisturbed = await storyFrom(url);
    const pids = [program.child.pid!, enginePid(program)];
    const sleepAndWake = async (): Promise<void> => {
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      await sleep(3_000);
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    };
    expect(await storyFrom(url, () => void sleepAndWake())).toBe(undisturbed);
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', restarts: 0 });
  });
});
