import { describe, expect, it } from 'vitest';
import { sequentialRandom } from '../random.js';
import { CURVES, type Curve, type StreamKind, simulate, streamOf } from '../testing/length-simulation.js';
import { roundStart } from '../testing/rounds.js';
import { AdaptiveLength } from './adaptive.js';
import { fixedLength } from './fixed.js';
import { Knowledge } from './knowledge.js';

const TOKENS = 4000;

function knowledgeOf(curve: Curve): Knowledge {
  return new Knowledge({
    costs: { points: [1, 2, 3, 4, 5, 8, 9, 13, 17].map((rows) => ({ rows, ms: curve(rows) })), levels: [1] },
  });
}

function adaptiveOn(curve: Curve, knowledge = knowledgeOf(curve)): AdaptiveLength {
  return new AdaptiveLength({ knowledge, kind: 'test', max: 16 });
}

const stream = (kind: StreamKind) => streamOf(kind, TOKENS + 64, sequentialRandom(5));

describe('the adaptive length', () => {
  it.each(Object.keys(CURVES) as (keyof typeof CURVES)[])(
    'is never slower than plain decoding, whatever the draft (%s)',
    (name) => {
      for (const kind of ['good', 'poor', 'overconfident', 'hopeless'] as const) {
        for (const draftCost of [0.1, 0.25]) {
          const { speed } = simulate(adaptiveOn(CURVES[name]), stream(kind), CURVES[name], draftCost);
          expect(speed, `${kind} at ${draftCost}`).toBeGreaterThan(0.97);
        }
      }
    },
  );

  it('beats every fixed length, chosen in hindsight, where acceptance varies', () => {
    for (const name of ['gpu-flat', 'cpu2'] as const) {
      const best = Math.max(
        ...[1, 2, 3, 4, 6, 8].map((n) => simulate(fixedLength(n), stream('good'), CURVES[name], 0.1).speed),
      );
      expect(simulate(adaptiveOn(CURVES[name]), stream('good'), CURVES[name], 0.1).speed).toBeGreaterThan(best);
    }
  });

  it('is off where each row costs a whole pass', () => {
    const { draftForwards } = simulate(adaptiveOn(CURVES.linear), stream('good'), CURVES.linear, 0.1);
    expect(draftForwards).toBe(0);
  });

  it('leaves a hopeless draft alone, but for probes that its budget pays', () => {
    const { draftForwards } = simulate(adaptiveOn(CURVES.cpu2), stream('hopeless'), CURVES.cpu2, 0.1);
    expect(draftForwards).toBeLessThan(0.02 * TOKENS + 16);
  });

  it('comes back when the draft becomes good', () => {
    const [bad, good] = [stream('hopeless'), stream('good')];
    const both = {
      chance: [...bad.chance, ...good.chance],
      accepted: [...bad.accepted, ...good.accepted],
      confidence: [...bad.confidence, ...good.confidence],
    };
    const alone = simulate(adaptiveOn(CURVES.cpu2), good, CURVES.cpu2, 0.1).speed;
    const { speed } = simulate(adaptiveOn(CURVES.cpu2), both, CURVES.cpu2, 0.1);
    expect(speed).toBeGreaterThan(2 / (1 / 0.95 + 1 / (0.9 * alone)));
  });

  it('drafts at most 8 tokens while it is cold, and never beyond its maximum or the room', () => {
    const policy = adaptiveOn(() => 1);
    const lengthIn = (room: number): number => {
      const plan = policy.begin(roundStart(room));
      const confidences: number[] = [];
      while (plan.wants(confidences) && plan.admits(1)) confidences.push(0.999);
      return confidences.length;
    };
    expect(lengthIn(100)).toBe(8);
    expect(lengthIn(3)).toBe(3);
    simulate(policy, stream('good'), () => 1, 0);
    expect(lengthIn(100)).toBe(16);
  });

  it('goes on where it was, from what was stored', () => {
    const knowledge = knowledgeOf(CURVES.cpu2);
    simulate(adaptiveOn(CURVES.cpu2, knowledge), stream('good'), CURVES.cpu2, 0.1);
    const state = JSON.parse(JSON.stringify(knowledge));
    expect(new Knowledge(state).toJSON()).toEqual(knowledge.toJSON());
    expect(new Knowledge(state).acceptanceOf('test').judged).toBeGreaterThan(1000);
  });
});
