import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { FinishEvent, GenerationEvent } from '../events.js';
import type { EngineService, ServiceRequest } from '../service.js';
import type { SuperviseOptions } from './supervise-options.js';
import { superviseEngine } from './supervisor.js';
import { type Transpiled, transpileSources } from './testing/transpiled.js';

let sources: Transpiled;
beforeAll(async () => {
  sources = await transpileSources();
}, 60_000);
afterAll(() => sources.remove());

/** An engine without models in a real child process, that dies as its requests tell it (testing/deadly-engine.ts). */
async function deadly(changes: Partial<SuperviseOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'outrider-deadly-'));
  const journal = join(folder, 'journal');
  await writeFile(journal, '');
  const deaths: string[] = [];
  let service: EngineService | undefined;
  onTestFinished(async () => {
    await service?.close();
    await rm(folder, { recursive: true });
  });
  service = await superviseEngine({
    spawn: () =>
      fork(sources.path('engine/service/testing/deadly-engine.ts'), [journal], { serialization: 'advanced' }),
    engine: { target: 'main.gguf' },
    onDeath: (reason) => deaths.push(reason),
    backoff: () => 10,
    now: () => performance.now(),
    ...changes,
  });
  const lives = async (): Promise<number> =>
    (await readFile(journal, 'utf8')).split('\n').filter((l) => l === 'life').length;
  return { service, deaths, lives };
}

const asking = (text: string, changes: Partial<ServiceRequest> = {}): ServiceRequest => {
  return { prompt: { text }, maxTokens: 12, seed: 5, ...changes };
};

async function eventsOf(service: EngineService, request: ServiceRequest, signal?: AbortSignal) {
  const events: GenerationEvent[] = [];
  for await (const event of service.generate(request, signal)) events.push(event);
  return events;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** That a reader saw one whole answer of `count` tokens, each piece of it once. */
function expectWhole(events: readonly GenerationEvent[], count = 12): FinishEvent {
  const text = numbers(count)
    .map((i) => `${i} `)
    .join('');
  expect(events.map(({ type }) => type)).toEqual([
    'start',
    ...numbers(count).flatMap(() => ['round', 'text']),
    'finish',
  ]);
  expect(events.map((event) => (event.type === 'text' ? event.text : '')).join('')).toBe(text);
  expect(events.flatMap((event) => (event.type === 'round' ? [event.index] : []))).toHaveLength(count);
  const finish = events.at(-1) as FinishEvent;
  expect(finish).toMatchObject({ text, tokens: numbers(count), completionTokens: count, reason: 'length' });
  expect(finish.statistics).toMatchObject({ rounds: count, plain: count });
  return finish;
}

describe('an engine in a child process', () => {
  it('answers as one of this process does', async () => {
    const { service } = await deadly();
    expect(service.description.target.name).toBe('main');
    expectWhole(await eventsOf(service, asking('plain')));
    expect((await service.tokenize({ text: 'ab' })).tokens).toEqual([97, 98]);
    expect((await service.pieces([97], false)).map((bytes) => [...bytes])).toEqual([[97]]);
    const { tokens } = await service.score({ prompt: { text: 'a' }, tokens: [97] });
    expect(tokens).toMatchObject([{ token: 97, bytes: Uint8Array.of(97), rank: 0 }]);
    expect((await service.passCosts()).drafts.draft?.depths).toEqual([{ from: 0, factor: 1 }]);
    const status = await service.status();
    expect(status).toMatchObject({ state: 'ready', reason: undefined, restarts: 0, running: 0, queued: 0 });
    expect(status.pid).not.toBe(process.pid);
  });

  it('refuses at the first event what the engine refuses, with its code', async () => {
    const { service } = await deadly();
    const refused = eventsOf(service, asking('plain', { logprobs: 99 }));
    await expect(refused).rejects.toMatchObject({ code: 'invalid_argument', details: { parameter: 'logprobs' } });
  });

  it('refuses what cannot be sent to it, and nothing else, also what waited for a new engine', async () => {
    const { service } = await deadly({ backoff: () => 100 });
    let deep: unknown = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const chat = { messages: [{ role: 'user', content: 'a' }], variables: { deep } };
    const refused = async () => {
      for (const asked of [eventsOf(service, asking('', { prompt: chat })), service.tokenize(chat)]) {
        await expect(asked).rejects.toMatchObject({ code: 'invalid_argument' });
      }
      expect(await service.status()).toMatchObject({ running: 0, queued: 0 });
    };
    await refused();
    process.kill((await service.status()).pid, 'SIGKILL');
    await expect.poll(async () => (await service.status()).state).toBe('restarting');
    await Promise.all([refused(), service.tokenize({ text: 'a' })]);
    expectWhole(await eventsOf(service, asking('plain')));
    expect(await service.status()).toMatchObject({ state: 'ready', restarts: 1 });
  });

  it('goes on behind every death as if there had been none', async () => {
    const { service, deaths } = await deadly();
    expectWhole(await eventsOf(service, asking('die@0 die@1 die@7 die@11')));
    expect(deaths).toEqual(Array(4).fill('killed by SIGSEGV'));
    expect(await service.status()).toMatchObject({ state: 'ready', restarts: 4 });
  });

  it('is not kept waiting by what it tells again after a death', async () => {
    const { service } = await deadly();
    const events = await eventsOf(service, asking('chunks@30 die@3'));
    expectWhole(events.filter(({ type }) => type !== 'prompt'));
    expect(events.filter(({ type }) => type === 'prompt')).toHaveLength(30);
  });

  it('resumes with the seed that was in force, under the rule that was', async () => {
    const { service } = await deadly();
    const { seed: _, ...unseeded } = asking('die@3');
    const events = await eventsOf(service, unseeded);
    expectWhole(events);
    expect(events[0]).toMatchObject({ type: 'start', seed: 4711, seedOrigin: 'drawn' });
  });

  it('takes its neighbours along', async () => {
    const { service } = await deadly();
    const texts = ['die@5', 'plain', 'wait@3', 'die@9'];
    for (const events of await Promise.all(texts.map((text) => eventsOf(service, asking(text))))) expectWhole(events);
  });

  it('is killed and replaced when it hangs', async () => {
    const { service, deaths } = await deadly({ hangMs: 2000 });
    expectWhole(await eventsOf(service, asking('hang@4')));
    expect(deaths).toEqual(['it gave no sign of life for 2 s']);
  });

  it('is killed and replaced when a pass hangs on another thread', async () => {
    const { service, deaths } = await deadly({ hangMs: 4000, engine: { target: 'main.gguf', passTimeoutMs: 200 } });
    const [stuck, other] = await Promise.all(['stuck@4', 'plain'].map((text) => eventsOf(service, asking(text))));
    expectWhole(stuck!);
    expectWhole(other!);
    expect(deaths).toEqual(['a pass of 3 rows did not end within 0.3 s']);
  });

  it('is left alone while passes end, however long all of them take', async () => {
    const { service, deaths } = await deadly({ hangMs: 4000, engine: { target: 'main.gguf', passTimeoutMs: 200 } });
    const text = numbers(10).map((at) => `wait@${at}`);
    expectWhole(await eventsOf(service, asking(text.join(' '))));
    expect(deaths).toEqual([]);
  });

  it('is killed and replaced when it is stopped', async () => {
    const { service, deaths } = await deadly({ hangMs: 2000 });
    process.kill((await service.status()).pid, 'SIGSTOP');
    expectWhole(await eventsOf(service, asking('plain')));
    expect(deaths).toHaveLength(1);
  });

  it('gives a request up that kills it alone twice, and no other', async () => {
    const { service, lives } = await deadly();
    const poison = eventsOf(service, asking('die@4*99'));
    const others = ['plain', 'wait@1', 'plain'].map((text) => eventsOf(service, asking(text)));
    const events = await poison;
    expect(events.map(({ type }) => type)).toEqual(['start', ...numbers(4).flatMap(() => ['round', 'text']), 'error']);
    expect(events.at(-1)).toMatchObject({ error: { code: 'engine_died' } });
    for (const other of others) expectWhole(await other);
    expect(await lives()).toBeLessThanOrEqual(5);
    expectWhole(await eventsOf(service, asking('plain')));
  });

  it('throws for one that nothing was seen of', async () => {
    const { service } = await deadly();
    await expect(service.render({ messages: [] })).rejects.toMatchObject({ code: 'engine_died' });
    expectWhole(await eventsOf(service, asking('plain')));
  });

  it('takes a question back with its signal, also one that was never asked', async () => {
    const { service } = await deadly({ backoff: () => 500 });
    const abort = new AbortController();
    const asked = service.score({ prompt: { text: 'a' }, tokens: [97] }, abort.signal);
    abort.abort();
    await expect(asked).rejects.toMatchObject({ code: 'aborted' });
    await expect(service.score({ prompt: { text: 'a' }, tokens: [97] }, abort.signal)).rejects.toMatchObject({
      code: 'aborted',
    });
    expect((await service.tokenize({ text: 'a' })).tokens).toEqual([97]);
  });

  it('does not blame requests for a call that kills it, nor calls for a request that does', async () => {
    const { service } = await deadly();
    const waiting = eventsOf(service, asking('wait@0'));
    await expect.poll(async () => (await service.status()).running).toBe(1);
    await expect(service.render({ messages: [] })).rejects.toMatchObject({ code: 'engine_died' });
    expectWhole(await waiting);

    let isOver = false;
    const poison = eventsOf(service, asking('wait@0 die@0*99')).finally(() => {
      isOver = true;
    });
    while (!isOver) expect((await service.tokenize({ text: 'ab' })).tokens).toEqual([97, 98]);
    expect((await poison).at(-1)).toMatchObject({ type: 'error', error: { code: 'engine_died' } });
  });

  it('aborts where it runs, and where it waits for a new engine', async () => {
    const { service } = await deadly({ backoff: () => 500 });
    const abort = new AbortController();
    const running = service.generate(asking('wait@2', { maxTokens: 1e6 }), abort.signal);
    await running.next();
    expect(await service.status()).toMatchObject({ running: 1 });
    abort.abort();
    let last: GenerationEvent | undefined;
    for await (const event of running) last = event;
    expect(last).toMatchObject({ type: 'finish', reason: 'aborted' });

    const later = new AbortController();
    const events: GenerationEvent[] = [];
    for await (const event of service.generate(asking('die@3'), later.signal)) {
      events.push(event);
      if (event.type !== 'text' || event.text !== '2 ') continue;
      await expect.poll(async () => (await service.status()).state).toBe('restarting');
      expect(await service.status()).toMatchObject({ reason: 'killed by SIGSEGV', running: 0, queued: 1 });
      later.abort();
    }
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'aborted', tokens: [0, 1, 2], text: '0 1 2 ' });
  });

  it('forgets a request whose reader has gone', async () => {
    const { service } = await deadly();
    for await (const _ of service.generate(asking('plain', { maxTokens: 1e6 }))) break;
    await expect.poll(async () => (await service.status()).running).toBe(0);
  });

  it('waits for a slow reader', async () => {
    const { service } = await deadly();
    const slow = service.generate(asking('plain', { maxTokens: 400 }));
    const { value: first } = await slow.next();
    // Long enough for hundreds of tokens: others may go on meanwhile.
    for (let i = 0; i < 20; i++) await eventsOf(service, asking('plain'));
    const rest: GenerationEvent[] = [first as GenerationEvent];
    for await (const event of slow) rest.push(event);
    expectWhole(rest, 400);
  });

  it('counts as lost when it cannot be started any more', async () => {
    const { service } = await deadly({ engine: { target: 'fails-after-1' } });
    const waiting = eventsOf(service, asking('die@3'));
    expect((await waiting).at(-1)).toMatchObject({ type: 'error', error: { code: 'engine_died' } });
    expect(await service.status()).toMatchObject({ state: 'failed', reason: 'no memory today' });
    await expect(eventsOf(service, asking('plain'))).rejects.toMatchObject({ code: 'engine_died' });
  });

  it('hands on why the first load failed, or that it died or was aborted over it', async () => {
    await expect(deadly({ engine: { target: 'fails-after-0' } })).rejects.toThrow('no memory today');
    await expect(deadly({ engine: { target: 'dies-while-loading' } })).rejects.toMatchObject({ code: 'engine_died' });
    const nothing = () => fork('nothing.js', [], { execPath: '/nowhere/node', serialization: 'advanced' });
    await expect(deadly({ spawn: nothing })).rejects.toThrow('it could not be started');
    await expect(deadly({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    await expect(deadly({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('is loaded anew where its first load hangs', async () => {
    const loading = { hangMs: 4000, engine: { target: 'stalls-once', loadTimeoutMs: 2000 } };
    const { service, deaths, lives } = await deadly(loading);
    expect(deaths).toEqual(['loading did not get on for 2 s']);
    expect(await lives()).toBe(2);
    expect(await service.status()).toMatchObject({ state: 'ready', reason: undefined, restarts: 1 });
    expectWhole(await eventsOf(service, asking('plain')));
  });

  it('is loaded anew where it is stopped in its first load', async () => {
    const { service, deaths } = await deadly({ hangMs: 2000, engine: { target: 'stops-once' } });
    expect(deaths).toEqual(['it gave no sign of life for 2 s']);
    expectWhole(await eventsOf(service, asking('plain')));
  });

  it('may load for as long as it gets on', async () => {
    const { deaths } = await deadly({ hangMs: 4000, engine: { target: 'creeps', loadTimeoutMs: 2000 } });
    expect(deaths).toEqual([]);
  });

  it('says why nothing came of it where every load hangs', async () => {
    const loading = { hangMs: 2000, engine: { target: 'stalls-always', loadTimeoutMs: 1000 } };
    await expect(deadly(loading)).rejects.toThrow('could not be started again: loading did not get on for 1 s');
  });

  it('leaves no process behind: closed, killed while stopped, or without a supervisor', async () => {
    const isAlive = (pid: number): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    const { service } = await deadly({ closeMs: 200 });
    const { pid } = await service.status();
    process.kill(pid, 'SIGSTOP');
    await service.close();
    expect(isAlive(pid)).toBe(false);
    expect(await service.status()).toMatchObject({ state: 'closed', pid: 0 });
    await expect(service.tokenize({ text: 'a' })).rejects.toMatchObject({ code: 'closed' });

    let child: ReturnType<typeof fork> | undefined;
    const orphan = await deadly({
      spawn: () => {
        child = fork(sources.path('engine/service/testing/deadly-engine.ts'), ['/dev/null'], {
          serialization: 'advanced',
        });
        return child;
      },
    });
    const { pid: orphanPid } = await orphan.service.status();
    child!.disconnect();
    await expect.poll(() => isAlive(orphanPid)).toBe(false);
  });
});
