import { describe, expect, test } from 'vitest';
import type { LiveMessage } from './messages.js';
import { LiveWindow } from './window.js';

const COSTS = {
  points: [
    { rows: 1, ms: 100 },
    { rows: 2, ms: 125 },
  ],
  depths: [{ from: 0, factor: 1 }],
};

const start = (generation: number, more: object = {}): LiveMessage => ({
  type: 'start',
  generation,
  dialect: 'openai',
  mode: 'speculative',
  promptTokens: 5,
  ...more,
});
/** `drafted` tokens of which `accepted` were right, and one of the target's own. */
const round = (generation: number, drafted: number, accepted: number): LiveMessage => ({
  type: 'round',
  generation,
  position: 10,
  drafted: Array(drafted).fill(1),
  accepted,
  tokens: Array(accepted + 1).fill(1),
  draftMs: 20,
  verifyMs: 80,
});

function filled(...messages: readonly (readonly [at: number, message: LiveMessage])[]): LiveWindow {
  const window = new LiveWindow();
  for (const [at, message] of messages) window.add(message, at);
  return window;
}

describe('the figures', () => {
  const one = filled([0, start(1)], [900, round(1, 3, 3)], [1000, round(1, 3, 1)], [1200, round(1, 0, 0)]);

  test('of one request are its own', () => {
    const { all } = one.series(1200, 30, undefined, COSTS);
    expect(all).toMatchObject({ rounds: 3, tokensPerPass: 7 / 3, acceptedShare: 4 / 6 });
    // The first round took the 100 ms that the server says, not the 900 in which the prompt was read.
    expect(all.speed).toBeCloseTo(7 / 0.4);
    expect(all.plainSpeed).toBeCloseTo(10);
  });

  test('of the positions are of those drafted there, and of those that were judged', () => {
    expect(one.series(1200, 30, undefined, COSTS).positions).toEqual([
      { drafted: 2, acceptedShare: 1, judgedShare: 1 },
      { drafted: 2, acceptedShare: 0.5, judgedShare: 0.5 },
      { drafted: 2, acceptedShare: 0.5, judgedShare: 1 },
    ]);
  });

  test('of several requests add up, against passes that plain decoding would share', () => {
    const two = filled(
      ...[1, 2].map((id) => [0, start(id)] as const),
      ...[1, 2].map((id) => [200, round(id, 1, 1)] as const),
      ...[1, 2].map((id) => [300, round(id, 1, 1)] as const),
    );
    const { all } = two.series(300, 30, undefined, COSTS);
    expect(all.speed).toBeCloseTo(40);
    expect(all.plainSpeed).toBeCloseTo(2 / 0.125);
    const alone = two.series(300, 30, 2, COSTS).all;
    expect(alone).toMatchObject({ rounds: 2, speed: 20, plainSpeed: 8 });
  });

  test('predict nothing without costs, or where the draft model writes', () => {
    expect(one.series(1200, 30, undefined, undefined).all.plainSpeed).toBeNull();
    const draft = filled([0, start(1, { mode: 'draft' })], [100, round(1, 0, 0)]);
    expect(draft.series(100, 30, undefined, COSTS).all).toMatchObject({ speed: 10, plainSpeed: null });
  });
});

describe('the lines', () => {
  test('end now while something runs, else with the last round', () => {
    const window = filled([0, start(1)], [1000, round(1, 2, 2)], [11_000, round(1, 2, 2)]);
    const atEnd = (line: readonly unknown[]) => line.findLastIndex((value) => value !== null);
    const running = window.series(21_000, 30, undefined, COSTS);
    expect([atEnd(running.drafted), running.seconds[0]]).toEqual([50, expect.closeTo(-19.8)]);
    window.add({ type: 'end', generation: 1, reason: 'stop' }, 12_000);
    const { seconds, drafted } = window.series(16_000, 30, undefined, COSTS);
    expect([atEnd(drafted), drafted.at(-1), seconds.at(-1), seconds.length]).toEqual([99, 2, 0, 100]);
  });

  test('hold what is within the window', () => {
    const window = filled([0, start(1)], [1000, round(1, 9, 0)], [40_000, round(1, 1, 0)]);
    expect(window.series(40_000, 30, undefined, COSTS).all.rounds).toBe(1);
    expect(window.series(40_000, 120, undefined, COSTS).all.rounds).toBe(2);
    expect(window.series(900_000, 30, undefined, COSTS).all).toMatchObject({ rounds: 0, speed: null });
  });
});

describe('the requests', () => {
  test('are the running ones, then those that are over', () => {
    const window = filled(
      [0, start(1)],
      [1, start(2)],
      [2, start(3)],
      [3, { type: 'end', generation: 2, reason: 'stop' }],
    );
    expect(window.requests.map(({ id, state }) => [id, state])).toEqual([
      [3, 'running'],
      [1, 'running'],
      [2, 'ended'],
    ]);
    window.lose();
    expect(window.requests.map(({ reason }) => reason)).toEqual(['lost', 'stop', 'lost']);
    expect(window.running).toBe(0);
  });

  test('that had begun before are there with their first round', () => {
    const window = filled([0, round(7, 2, 1)]);
    expect(window.requests).toMatchObject([{ id: 7, dialect: undefined, rounds: 1, tokens: 2, state: 'running' }]);
  });

  test('are bounded, as the rounds are', () => {
    const window = new LiveWindow();
    for (let id = 0; id < 100; id++) {
      window.add(start(id), id);
      window.add({ type: 'end', generation: id, reason: 'stop' }, id);
    }
    expect(window.requests).toHaveLength(20);
    window.add(start(100), 0);
    for (let i = 0; i < 50_000; i++) window.add(round(100, 1, 1), 1000 + i);
    expect(window.series(51_000, 300, undefined, COSTS).all.rounds).toBeLessThan(22_001);
  });
});
