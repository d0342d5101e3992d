/** `outrider serve` as a user starts it: a process, the process of its engine, and what becomes of both. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginePid, readyAt, ServeProcesses, storyFrom } from './testing/serve-process.js';

let processes: ServeProcesses;
beforeAll(async () => {
  processes = await ServeProcesses.create();
});
afterAll(() => processes.remove());

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('outrider serve', () => {
  it('goes on with a stream whose engine was killed, and leaves nothing behind', async () => {
    const program = processes.start(['--port', '0']);
    const url = await readyAt(program);
    const undisturbed = await storyFrom(url);
    const engine = enginePid(program);
    expect(await storyFrom(url, () => process.kill(engine, 'SIGKILL'))).toBe(undisturbed);
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', restarts: 1 });
    expect(program.said).toContain('note: the engine is started again: killed by SIGKILL');
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(isAlive(engine)).toBe(false);
  });

  it('ends at once where its port is taken, with one line', async () => {
    const url = await readyAt(processes.start(['--port', '0', '--in-process']));
    const second = processes.start(['--port', new URL(url).port]);
    expect(await second.ended).toBe(1);
    expect(second.said).toMatch(/^outrider: cannot listen on [^\n]+ --port \d+ [^\n]+\n$/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});
