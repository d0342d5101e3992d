import { describe, expect, it } from 'vitest';
import { Knowledge, type Row, type Token } from '../speculative/index.js';
import { SoftmaxSampler } from '../speculative/testing/softmax-sampler.js';
import type { LoadedDraft } from './load.js';
import { Opening } from './opening.js';
import type { Plan } from './prepare.js';

/** Of four tokens, the first with this probability. */
const rowOf = (probability: number): Row =>
  Float32Array.of(probability, ...Array<number>(3).fill((1 - probability) / 3)).map(Math.log);

function opening(toTarget: (token: Token) => Token | undefined = (token) => token) {
  const knowledge = new Knowledge({ costs: { points: [{ rows: 1, ms: 1 }], levels: [1] } });
  const writer = { name: 'small', pair: { toTarget } } as unknown as LoadedDraft;
  const target = { sampling: { temperature: 0 }, leniency: 0 } as unknown as Plan;
  const trial = new Opening(writer, target, knowledge);
  const sampler = trial.watch(new SoftmaxSampler({ history: [3, 3], topK: 1 }), () => 0);
  const write = (probability: number, count = 1, token = 0): void => {
    for (let i = 0; i < count; i++) {
      sampler.law(rowOf(probability));
      sampler.push(token);
    }
  };
  return { knowledge, writer, target, trial, sampler, write };
}

describe('the verdict on a beginning', () => {
  it('is open for eight tokens, then as soon as it is doubtful, and at the latest behind 24', () => {
    const { trial, write } = opening();
    write(0.4, 7);
    expect(trial.verdict(false)).toBe('open');
    write(0.4);
    expect(trial.verdict(false)).toBe('doubtful');
    const { trial: other, write: goOn } = opening();
    goOn(0.9, 23);
    expect(other.verdict(false)).toBe('open');
    goOn(0.9);
    expect(other.verdict(false)).toBe('sure');
  });

  it('falls earlier where the text ends', () => {
    for (const [probability, verdict] of [
      [0.9, 'sure'],
      [0.5, 'doubtful'],
    ] as const) {
      const { trial, write } = opening();
      write(probability, 2);
      expect(trial.verdict(true)).toBe(verdict);
    }
    expect(opening().trial.verdict(true)).toBe('sure');
  });

  it('goes by the softmax of the logits and not by the law that tokens are drawn from', () => {
    const { trial, write } = opening();
    write(0.6, 4);
    write(0.8, 4);
    expect(trial.confidence).toBeCloseTo(0.7, 5);
    expect(trial.length).toBe(8);
  });

  it('forgets what the text went back from, and notes nothing once it is settled', () => {
    const { trial, sampler, write } = opening();
    write(0.2, 3);
    sampler.rewind(3);
    write(0.9);
    expect(trial.draft.tokens).toEqual([0, 0]);
    expect(trial.confidence).toBeCloseTo(0.55, 5);
    trial.close();
    write(0.9, 5);
    expect(trial.length).toBe(2);
    expect(sampler.length).toBe(9);
  });
});

describe('what is learnt', () => {
  it('counts once there is enough of it, for whoever comes next', () => {
    const { knowledge, writer, target, trial, write } = opening();
    write(0.5, 8);
    const learn = (count: number): void => {
      const other = new Opening(writer, target, knowledge);
      for (let i = 0; i < count; i++) other.learn(0.5, true);
    };
    for (let texts = 0; texts < 7; texts++) learn(9);
    expect(trial.confidence).toBeCloseTo(0.5, 5);
    learn(1);
    expect(trial.confidence).toBeGreaterThan(0.7);
    const next = new Opening(writer, target, knowledge);
    const sampler = next.watch(new SoftmaxSampler({ history: [3] }), () => 0);
    sampler.law(rowOf(0.5));
    sampler.push(0);
    expect(next.confidence).toBeGreaterThan(0.7);
  });
});

it('the proposal is in the target’s tokens, up to the first that it does not have', () => {
  const { trial, write } = opening((token) => (token === 2 ? undefined : token + 100));
  write(0.9, 1, 0);
  write(0.4, 1, 1);
  write(0.4, 1, 2);
  write(0.9, 1, 0);
  expect(trial.draft.tokens).toEqual([100, 101]);
  expect(trial.draft.confidences[0]).toBeCloseTo(0.9, 5);
  expect(trial.draft.confidences[1]).toBeCloseTo(0.2, 5);
});
