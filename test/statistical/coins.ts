import { type Random, sequentialRandom } from '../../src/speculative/index.js';

/** Coins behind the one in question, by which two values of it are told apart: the extremes and some in between. */
const PROBES: readonly (() => Random)[] = [
  () => () => 0,
  () => () => 1 - Number.EPSILON / 2,
  ...Array.from({ length: 6 }, (_, seed) => () => sequentialRandom(seed)),
];
/** Halvings of [0, 1) to find where the values of a coin that make a difference begin: 2^-40 is far below any tolerance. */
const HALVINGS = 40;

/** A game of chance that draws on nothing but the given coins, each uniform in [0, 1). */
export type Play = (random: Random) => string | Promise<string>;

/**
 * The exact law of what `play` returns, with all its coins integrated out: no sampling, no tolerance to choose.
 *
 * Coins are taken one at a time. The values of a coin fall into stretches within which everything that follows is the
 * same; where a stretch ends is found by bisection, and each is then followed with one value of it. This is exact as
 * long as the values that lead to the same future are one stretch, which holds for thresholds (u < h) and for inverse
 * transform sampling, and as long as some probe tells neighbouring stretches apart: let the outcome tell all it can.
 */
export async function integrateCoins(play: Play): Promise<Map<string, number>> {
  const law = new Map<string, number>();

  const follow = async (coins: readonly number[], mass: number): Promise<void> => {
    const { outcome, complete } = await toss(play, coins, PROBES[0]!);
    if (complete) {
      law.set(outcome, (law.get(outcome) ?? 0) + mass);
      return;
    }
    for (let start = 0; start < 1; ) {
      const end = await endOfStretch(play, coins, start);
      await follow([...coins, (start + end) / 2], mass * (end - start));
      start = end;
    }
  };

  await follow([], 1);
  return law;
}

/** Plays with the given coins and a probe's behind them; `complete` tells whether the given ones were enough. */
async function toss(play: Play, coins: readonly number[], probe: () => Random) {
  const behind = probe();
  let tossed = 0;
  const outcome = await play(() => {
    const coin = coins[tossed];
    tossed += 1;
    return coin ?? behind();
  });
  return { outcome, complete: tossed <= coins.length };
}

/** The first value of the next coin, from `start` on, that leads elsewhere than `start` does; 1 if there is none. */
async function endOfStretch(play: Play, coins: readonly number[], start: number): Promise<number> {
  const future = await Promise.all(PROBES.map((probe) => toss(play, [...coins, start], probe)));
  const same = async (coin: number): Promise<boolean> => {
    for (let i = 0; i < PROBES.length; i++) {
      if ((await toss(play, [...coins, coin], PROBES[i]!)).outcome !== future[i]!.outcome) return false;
    }
    return true;
  };
  let [inside, outside] = [start, 1];
  if (await same(1 - Number.EPSILON / 2)) return 1;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (inside + outside) / 2;
    if (await same(middle)) inside = middle;
    else outside = middle;
  }
  return outside;
}
