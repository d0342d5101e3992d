import { describe, expect, it } from 'vitest';
import type { Drafter } from '../drafter.js';
import { fixedLength } from '../length/fixed.js';
import { Knowledge } from '../length/knowledge.js';
import { ALONE } from '../length/shared-pass.js';
import { TextBooks } from '../length/text-books.js';
import { SingleProposer } from '../proposer.js';
import { sequentialRandom } from '../random.js';
import { CURVES, type Curve, type StreamKind, simulate, streamOf } from '../testing/length-simulation.js';
import { Cascade } from './cascade.js';

const TOKENS = 4000;

function knowledgeOf(curve: Curve): Knowledge {
  return new Knowledge({
    costs: { points: [1, 2, 3, 4, 5, 8, 9, 13, 17].map((rows) => ({ rows, ms: curve(rows) })), levels: [1] },
  });
}

const adaptiveOn =
  (curve: Curve, knowledge = knowledgeOf(curve)) =>
  (drafter: Drafter) =>
    new Cascade({
      drafters: [drafter],
      books: new TextBooks({ knowledge, kind: 'test', max: 16 }),
      isEnd: () => false,
      company: ALONE,
    });

const fixed = (tokens: number) => (drafter: Drafter) => new SingleProposer(drafter, fixedLength(tokens));

const stream = (kind: StreamKind) => streamOf(kind, TOKENS + 64, sequentialRandom(5));

describe('the adaptive length of a cascade', () => {
  it.each(Object.keys(CURVES) as (keyof typeof CURVES)[])(
    'is never slower than plain decoding, whatever the draft (%s)',
    async (name) => {
      for (const kind of ['good', 'poor', 'overconfident', 'hopeless'] as const) {
        for (const draftCost of [0.1, 0.25]) {
          const { speed } = await simulate(adaptiveOn(CURVES[name]), stream(kind), CURVES[name], draftCost);
          expect(speed, `${kind} at ${draftCost}`).toBeGreaterThan(0.97);
        }
      }
    },
  );

  it('beats every fixed length, chosen in hindsight, where acceptance varies', async () => {
    for (const name of ['gpu-flat', 'cpu2'] as const) {
      const speedOf = async (proposer: Parameters<typeof simulate>[0]): Promise<number> =>
        (await simulate(proposer, stream('good'), CURVES[name], 0.1)).speed;
      const speeds = await Promise.all([1, 2, 3, 4, 6, 8].map((n) => speedOf(fixed(n))));
      expect(await speedOf(adaptiveOn(CURVES[name]))).toBeGreaterThan(Math.max(...speeds));
    }
  });

  it('is off where each row costs a whole pass', async () => {
    const { draftForwards } = await simulate(adaptiveOn(CURVES.linear), stream('good'), CURVES.linear, 0.1);
    expect(draftForwards).toBe(0);
  });

  it('leaves a hopeless draft alone, but for probes that its budget pays', async () => {
    const { draftForwards } = await simulate(adaptiveOn(CURVES.cpu2), stream('hopeless'), CURVES.cpu2, 0.1);
    // A share of 1 % for drafts and another for probes, and what may be lost at once.
    expect(0.1 * draftForwards).toBeLessThan(0.02 * TOKENS + 4);
  });

  it('comes back when the draft becomes good', async () => {
    const [bad, good] = [stream('hopeless'), stream('good')];
    const both = {
      chance: [...bad.chance, ...good.chance],
      accepted: [...bad.accepted, ...good.accepted],
      confidence: [...bad.confidence, ...good.confidence],
    };
    const alone = (await simulate(adaptiveOn(CURVES.cpu2), good, CURVES.cpu2, 0.1)).speed;
    const { speed } = await simulate(adaptiveOn(CURVES.cpu2), both, CURVES.cpu2, 0.1);
    expect(speed).toBeGreaterThan(2 / (1 / 0.95 + 1 / (0.9 * alone)));
  });

  it('drafts at most 8 tokens while it is cold, and never beyond its maximum or the room', async () => {
    const lengths: number[] = [];
    const sure: Drafter = {
      name: 'sure',
      price: () => ({ first: 0, next: 0, probe: 0, behind: 1 }),
      propose: async ({ room, length }) => {
        const confidences: number[] = [];
        while (confidences.length < room && length.wants(confidences)) confidences.push(0.999);
        return { tokens: confidences.map(() => 1), confidences };
      },
      observe: ({ draft }) => lengths.push(draft.tokens.length),
      close: () => {},
    };
    const proposer = adaptiveOn(() => 1)(sure);
    const round = async (room: number): Promise<void> => {
      const asked = { context: [1], prefix: [], rule: 'matching', room, generated: 0, signal: undefined } as const;
      const { draft } = await proposer.propose(asked);
      const accepted = draft.tokens.length;
      const times = { draftMs: 0, verifyMs: 1, evidence: [], dropped: 0 };
      proposer.observe({ position: 1, draft, accepted, tokens: [...draft.tokens, 1], ...times });
    };
    await round(100);
    await round(3);
    for (let i = 0; i < 12; i++) await round(100);
    expect(lengths.slice(0, 2)).toEqual([8, 3]);
    expect(lengths.at(-1)).toBe(16);
  });

  it('goes on where it was, from what was stored', async () => {
    const knowledge = knowledgeOf(CURVES.cpu2);
    await simulate(adaptiveOn(CURVES.cpu2, knowledge), stream('good'), CURVES.cpu2, 0.1);
    const state = JSON.parse(JSON.stringify(knowledge));
    expect(new Knowledge(state).toJSON()).toEqual(knowledge.toJSON());
    expect(new Knowledge(state).acceptanceOf('stream matching test').judged).toBeGreaterThan(1000);
  });
});
