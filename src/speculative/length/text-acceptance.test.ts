import { describe, expect, it } from 'vitest';
import { sequentialRandom } from '../random.js';
import { AcceptanceModel } from './acceptance-model.js';
import { TextAcceptance } from './text-acceptance.js';

/** A model that has seen many texts in which confidence meant what it says. */
function calibrated(): AcceptanceModel {
  const model = new AcceptanceModel();
  const random = sequentialRandom(1);
  for (let text = 0; text < 20; text++) {
    const acceptance = new TextAcceptance(model);
    for (let i = 0; i < 100; i++) {
      const confidence = 0.05 + 0.9 * random();
      acceptance.learn(confidence, random() < confidence);
    }
  }
  return model;
}

describe('the acceptance of a text', () => {
  it('is no more certain of all texts after one in which nothing was ever rejected', () => {
    const model = calibrated();
    const acceptance = new TextAcceptance(model);
    for (let i = 0; i < 20_000; i++) acceptance.learn(0.97, true);
    expect(acceptance.probability(0.97)).toBe(0.995);
    const next = new TextAcceptance(model);
    expect(next.probability(0.3)).toBeLessThan(0.9);
    for (let i = 0; i < 6; i++) next.learn(0.9, false);
    expect(next.probability(0.9)).toBeLessThan(0.6);
  });

  it('is that of all texts at its beginning', () => {
    const model = calibrated();
    for (const confidence of [0.2, 0.5, 0.8]) {
      expect(new TextAcceptance(model).probability(confidence)).toBeCloseTo(confidence, 0.7);
    }
    expect(model.judged).toBe(2000);
  });

  it('is found out within a few tokens where the text is another than most', () => {
    const acceptance = new TextAcceptance(calibrated());
    for (let i = 0; i < 8; i++) acceptance.learn(0.9, false);
    expect(acceptance.probability(0.9)).toBeLessThan(0.4);
    for (let i = 0; i < 12; i++) acceptance.learn(0.9, true);
    expect(acceptance.probability(0.9)).toBeGreaterThan(0.7);
  });

  it('leaves the next text nearly what it was', () => {
    const model = calibrated();
    const before = new TextAcceptance(model).probability(0.9);
    const acceptance = new TextAcceptance(model);
    for (let i = 0; i < 30; i++) acceptance.learn(0.9, false);
    expect(acceptance.probability(0.9)).toBeLessThan(0.15);
    expect(new TextAcceptance(model).probability(0.9)).toBeGreaterThan(before - 0.35);
  });

  it('is never certain', () => {
    const acceptance = new TextAcceptance(calibrated());
    for (let i = 0; i < 1000; i++) acceptance.learn(0.99, true);
    expect(acceptance.probability(0.99)).toBeLessThan(1);
    for (let i = 0; i < 1000; i++) acceptance.learn(0.01, false);
    expect(acceptance.probability(0.01)).toBeGreaterThan(0);
  });

  it('has an outlook: a probability for each bin behind every state, and means that rise', () => {
    const { means, shares } = new TextAcceptance(calibrated()).outlook();
    for (const row of shares) expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(shares).toHaveLength(means.length + 1);
    expect(means).toEqual(means.toSorted((a, b) => a - b));
  });
});
