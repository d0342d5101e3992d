import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { roundEvent, startEvent, textEvent } from '../../cli/testing/events.js';
import { FakeService, type Script, says } from '../../server/testing/fake-service.js';
import { type HostedLoad, hostEngine } from './engine-host.js';
import { CREDITS, type EventGroup, type FromEngine, type ToEngine } from './protocol.js';

/** A host without a process around it. */
async function hosted(script: Script, load?: HostedLoad) {
  const sent: FromEngine[] = [];
  let hear: (message: ToEngine) => void = () => {};
  let exits = 0;
  const service = new FakeService(script);
  const channel = {
    send: (message: FromEngine) => void sent.push(structuredClone(message)),
    onMessage: (listener: typeof hear) => {
      hear = listener;
    },
    onDisconnect: () => {},
    blocksRead: () => 7,
    exit: () => {
      exits += 1;
    },
  };
  hostEngine(channel, load ?? (async () => service));
  hear({ type: 'load', options: { target: 'main.gguf' } });
  await sleep(0);
  return { sent, say: (message: ToEngine) => hear(message), service, exits: () => exits };
}

const request = { prompt: { text: 'a' } };

const groupsIn = (sent: readonly FromEngine[]): readonly EventGroup[] =>
  sent.flatMap((message) => (message.type === 'events' ? message.groups : []));

/** Rounds without end, a turn of the event loop apart. */
function endless(): { script: Script; pulled: () => number } {
  let pulled = 0;
  const script: Script = async function* (_, signal) {
    yield startEvent();
    for (; !signal?.aborted; pulled++) {
      await sleep(0);
      yield roundEvent([], 0, pulled);
      yield textEvent(`${pulled} `);
    }
  };
  return { script, pulled: () => pulled };
}

describe('the host of an engine', () => {
  it('sends a round and its text as one', async () => {
    const { sent, say } = await hosted(says(['a', 'b', 'c', 'd'], () => sleep(1)));
    say({ type: 'generate', id: 3, request });
    await expect.poll(() => sent.at(-1)).toEqual({ type: 'ended', id: 3, error: undefined });
    const groups = groupsIn(sent).map(({ events }) => events);
    expect(groups.flat().filter(({ type }) => type === 'text')).toHaveLength(4);
    for (const group of groups) expect(group.at(-1)?.type).not.toBe('round');
  });

  it('tells the slots when a request has its own, and when it has given that back', async () => {
    const { sent, say } = await hosted(says(['a'], () => sleep(1)));
    say({ type: 'generate', id: 3, request });
    await expect.poll(() => sent.at(-1)).toMatchObject({ type: 'ended' });
    const told = sent.map(({ type }) => type).filter((type) => type !== 'pong');
    expect(told.indexOf('slots')).toBeLessThan(told.lastIndexOf('events'));
    expect(told.slice(-2)).toEqual(['slots', 'ended']);
  });

  it('sends what several requests have of one turn in one message', async () => {
    const turns = { wake: () => {} };
    const script: Script = async function* () {
      yield startEvent();
      for (const text of ['a', 'b']) {
        await new Promise<void>((resolve) => {
          const { wake } = turns;
          turns.wake = () => {
            wake();
            resolve();
          };
        });
        yield roundEvent([], 0, 0);
        yield textEvent(text);
      }
    };
    const { sent, say } = await hosted(script);
    for (const id of [0, 1, 2]) say({ type: 'generate', id, request });
    for (let turn = 0; turn < 2; turn++) {
      await sleep(5);
      turns.wake();
    }
    await expect.poll(() => sent.filter(({ type }) => type === 'ended').length).toBe(3);
    const told = sent.flatMap((message) => (message.type === 'events' ? [message.groups.map(({ id }) => id)] : []));
    expect(told.slice(0, 2)).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  it('stops where nobody reads, and goes on with each message that was read', async () => {
    const { script, pulled } = endless();
    const { sent, say } = await hosted(script);
    const groups = () => groupsIn(sent).length;
    say({ type: 'generate', id: 0, request });
    await expect.poll(groups).toBe(CREDITS);
    await sleep(30);
    expect(groups()).toBe(CREDITS);
    expect(pulled()).toBeLessThanOrEqual(CREDITS + 2);
    say({ type: 'credit', id: 0, groups: 1 });
    await expect.poll(groups).toBe(CREDITS + 1);
    say({ type: 'credit', id: 0, groups: 2 });
    say({ type: 'credit', id: 0, groups: 3 });
    await expect.poll(groups).toBe(CREDITS + 6);
    const texts = groupsIn(sent).flatMap(({ events }) => events.flatMap((e) => (e.type === 'text' ? [e.text] : [])));
    expect(texts).toEqual(texts.map((_, i) => `${i} `));
  });

  it('lets go of a request that nobody reads any more, also while that waits for its reader', async () => {
    const { script } = endless();
    const { sent, say, service } = await hosted(script);
    say({ type: 'generate', id: 0, request });
    await expect.poll(() => groupsIn(sent).length).toBe(CREDITS);
    expect(service.running).toBe(1);
    say({ type: 'cancel', id: 0 });
    await expect.poll(() => service.running).toBe(0);
  });

  it('answers calls, and ends one that is abandoned without another word', async () => {
    const { sent, say, service } = await hosted(says(['a']));
    let ended = 0;
    const { scoring } = service;
    service.scoring = (_, signal) =>
      new Promise((_, reject) => {
        signal!.addEventListener('abort', () => {
          ended += 1;
          reject(new Error('aborted'));
        });
      });
    const call = { name: 'score', request: { ...request, tokens: [97] } } as const;
    say({ type: 'call', id: 4, call });
    say({ type: 'abandon', id: 4 });
    await expect.poll(() => ended).toBe(1);
    service.scoring = scoring;
    say({ type: 'call', id: 5, call });
    await expect.poll(() => sent.at(-1)).toMatchObject({ type: 'reply', id: 5, value: { tokens: [{ token: 97 }] } });
    expect(sent.filter((message) => 'id' in message && message.id === 4)).toEqual([]);
  });

  it('tells the passes that are under way with every answer to a ping', async () => {
    const { sent, say, service } = await hosted(says(['a']));
    const pass = { number: 7, rows: 3, allowedMs: 100 };
    service.passes = [undefined, pass];
    say({ type: 'ping' });
    await expect
      .poll(() => sent.at(-1))
      .toEqual({ type: 'pong', slots: expect.any(Array), passes: [undefined, pass], blocksRead: 7 });
  });

  it('knows no slots before it is loaded', async () => {
    const { sent, say } = await hosted(says([]), () => new Promise(() => {}));
    say({ type: 'ping' });
    await expect.poll(() => sent).toEqual([{ type: 'pong', slots: undefined, passes: [], blocksRead: 7 }]);
  });

  it('closes the engine before it ends', async () => {
    const { say, service, exits } = await hosted(says(['a']));
    say({ type: 'close' });
    await expect.poll(exits).toBe(1);
    expect(service.closed).toBe(true);
  });
});
