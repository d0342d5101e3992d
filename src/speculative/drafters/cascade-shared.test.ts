import { describe, expect, it } from 'vitest';
import { fixedLength } from '../length/fixed.js';
import { Knowledge } from '../length/knowledge.js';
import { TextBooks } from '../length/text-books.js';
import { SingleProposer } from '../proposer.js';
import { sequentialRandom } from '../random.js';
import { CURVES, type Curve, type StreamKind, streamOf } from '../testing/length-simulation.js';
import { type SharedRun, simulateTogether } from '../testing/shared-simulation.js';
import { Cascade } from './cascade.js';

const TOKENS = 1500;
const DRAFT_COST = 0.1;

function streams(kind: StreamKind, count: number) {
  return Array.from({ length: count }, (_, i) => streamOf(kind, TOKENS, sequentialRandom(5 + i)));
}

interface Adaptive extends SharedRun {
  readonly knowledge: Knowledge;
}

/** All of `count` requests, of which only so many can draft. */
async function adaptive(curve: Curve, kind: StreamKind, count: number, drafting = count): Promise<Adaptive> {
  const points = [1, 2, 3, 4, 5, 8, 9, 13, 17].map((rows) => ({ rows, ms: curve(rows) }));
  const knowledge = new Knowledge({ costs: { points } });
  const run = await simulateTogether(
    (drafter, company, i) =>
      i >= drafting
        ? new SingleProposer(drafter, fixedLength(0))
        : new Cascade({
            drafters: [drafter],
            books: new TextBooks({ knowledge, kind: 'test', max: 16 }),
            isEnd: () => false,
            company,
          }),
    streams(kind, count),
    curve,
    DRAFT_COST,
  );
  return { ...run, knowledge };
}

/** Tokens a unit of time of so many requests without drafts. */
const plain = (curve: Curve, count: number): number => count / curve(count);

async function bestFixed(curve: Curve, kind: StreamKind, count: number): Promise<number> {
  const speeds = [];
  for (const length of [1, 2, 3, 4, 6]) {
    const proposerOf: Parameters<typeof simulateTogether>[0] = (drafter) =>
      new SingleProposer(drafter, fixedLength(length));
    speeds.push((await simulateTogether(proposerOf, streams(kind, count), curve, DRAFT_COST)).speed);
  }
  return Math.max(...speeds);
}

describe('the adaptive length of requests that share their passes', () => {
  it.each(Object.keys(CURVES) as (keyof typeof CURVES)[])('is never slower than plain decoding (%s)', async (name) => {
    for (const kind of ['good', 'poor', 'hopeless'] as const) {
      for (const count of [2, 4, 8]) {
        const { speed } = await adaptive(CURVES[name], kind, count);
        expect(speed / plain(CURVES[name], count), `${count} ${kind}`).toBeGreaterThan(0.98);
      }
    }
  });

  it('is near what the best fixed length gives where many rows are cheap', async () => {
    for (const count of [2, 4, 8]) {
      const { speed } = await adaptive(CURVES['gpu-flat'], 'good', count);
      expect(speed / (await bestFixed(CURVES['gpu-flat'], 'good', count)), `${count}`).toBeGreaterThan(0.83);
      expect(speed / plain(CURVES['gpu-flat'], count), `${count}`).toBeGreaterThan(1.25);
    }
  });

  it('shrinks with the requests on few cores, and is 0 from four on', async () => {
    const lengths = [];
    for (const count of [1, 2, 4, 8]) lengths.push((await adaptive(CURVES.cpu2, 'good', count)).length);
    expect(lengths[0]).toBeGreaterThan(2);
    expect(lengths[1]).toBeGreaterThan(0.5);
    expect(lengths[1]).toBeLessThan(lengths[0]!);
    for (const length of lengths.slice(2)) expect(length).toBeLessThan(0.05);
  });

  it('is 0 where a row costs as much as another request, but for what the budget of probes pays', async () => {
    for (const count of [2, 8]) {
      const { length, knowledge } = await adaptive(CURVES.linear, 'good', count);
      const { elapsed, loss, probed } = knowledge.ledger.toJSON();
      expect(length).toBeLessThan(0.05);
      expect(probed).toBeLessThan(0.01 * elapsed + 8 * count);
      expect(loss).toBeLessThan(0.02 * elapsed + 8 * count);
    }
  });

  it('lets requests that cannot draft lose nothing to one that does', async () => {
    for (const name of Object.keys(CURVES) as (keyof typeof CURVES)[]) {
      for (const kind of ['good', 'poor', 'hopeless'] as const) {
        const { speed } = await adaptive(CURVES[name], kind, 4, 1);
        expect(speed / plain(CURVES[name], 4), `${name} ${kind}`).toBeGreaterThan(0.98);
      }
    }
  });
});
