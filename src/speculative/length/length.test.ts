import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundStart } from '../testing/rounds.js';
import { confidenceCut } from './confidence.js';
import { fixedLength } from './fixed.js';
import type { LengthPolicy } from './policy.js';

/** Plays a round: draws tokens of the given confidences, each from a law with the given peak, as a drafter would. */
function play(policy: LengthPolicy, room: number, confidences: readonly number[], peaks = confidences) {
  const round = policy.begin(roundStart(room));
  let drafted = 0;
  while (drafted < confidences.length && round.wants(confidences.slice(0, drafted)) && round.admits(peaks[drafted]!))
    drafted++;
  return { drafted, kept: round.keep(confidences.slice(0, drafted)) };
}

const unsure = Array.from({ length: 20 }, () => 0.01);

describe('fixedLength', () => {
  it('drafts its length and keeps all of it, however doubtful', () => {
    expect(play(fixedLength(5), 100, unsure)).toEqual({ drafted: 5, kept: 5 });
  });

  it('drafts no more than there is room for', () => {
    expect(play(fixedLength(5), 2, unsure)).toEqual({ drafted: 2, kept: 2 });
  });

  it('of 0 wants nothing', () => {
    expect(fixedLength(0).begin(roundStart(100)).wants([])).toBe(false);
  });
});

describe('confidenceCut', () => {
  const policy = confidenceCut({ min: 1, max: 6, minConfidence: 0.5 });

  it('drafts up to its maximum while the draft is sure', () => {
    expect(play(policy, 100, [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9])).toEqual({ drafted: 6, kept: 6 });
  });

  it('refuses the first law whose peak is too low, before a token is drawn from it', () => {
    expect(play(policy, 100, [0.9, 0.9, 0.4, 0.9])).toEqual({ drafted: 2, kept: 2 });
  });

  it('keeps what stands before the first drawn token that is too doubtful', () => {
    expect(play(policy, 100, [0.9, 0.2, 0.9], [0.9, 0.8, 0.9])).toEqual({ drafted: 2, kept: 1 });
  });

  it('drafts its minimum whatever the confidence', () => {
    const atLeastThree = confidenceCut({ min: 3, max: 6, minConfidence: 0.5 });
    expect(play(atLeastThree, 100, unsure)).toEqual({ drafted: 3, kept: 3 });
    expect(play(atLeastThree, 100, [0.1, 0.1, 0.1, 0.9, 0.2], [0.1, 0.1, 0.1, 0.9, 0.9])).toEqual({
      drafted: 5,
      kept: 4,
    });
  });

  it('counts a confidence that equals the bound as enough', () => {
    expect(play(policy, 100, [0.9, 0.5, 0.5])).toEqual({ drafted: 3, kept: 3 });
  });

  it('drafts no more than there is room for, also below its minimum', () => {
    expect(play(confidenceCut({ min: 3, max: 6, minConfidence: 0.5 }), 2, unsure)).toEqual({ drafted: 2, kept: 2 });
  });

  it('starts every round anew', () => {
    play(policy, 100, [0.9, 0.9, 0.9]);
    expect(play(policy, 100, unsure)).toEqual({ drafted: 1, kept: 1 });
  });
});

it('any policy keeps at most what was drafted and drafts at most what there is room for', () => {
  const policies = fc.oneof(
    fc.nat(10).map(fixedLength),
    fc
      .record({ min: fc.nat(4), max: fc.nat(10), minConfidence: fc.double({ min: 0, max: 1, noNaN: true }) })
      .map(confidenceCut),
  );
  const confidence = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(policies, fc.nat(12), fc.array(confidence, { maxLength: 15 }), (policy, room, confidences) => {
      const { drafted, kept } = play(policy, room, confidences);
      expect(drafted).toBeLessThanOrEqual(room);
      expect(kept).toBeLessThanOrEqual(drafted);
      expect(kept).toBeGreaterThanOrEqual(0);
    }),
    { seed: 1 },
  );
});
