import { describe, expect, test } from 'vitest';
import { AnswerFold, endsLine, type Segment, tokensOf } from './answer-fold.js';
import { finishFrame, startFrame, textFrame } from './testing/frames.js';

const clock = (times: readonly number[]) => {
  const left = [...times];
  return () => left.shift() ?? times.at(-1)!;
};

function segmentsOf(...texts: readonly string[]): readonly Segment[] {
  const fold = new AnswerFold(() => 0);
  fold.add(textFrame(...texts));
  return fold.segments;
}

describe('an answer', () => {
  test('grows by its frames', () => {
    const fold = new AnswerFold(clock([0, 100, 300]));
    expect(fold.progress).toEqual({ kind: 'sent' });
    fold.add({ type: 'queued', ahead: 2 });
    expect(fold.progress).toEqual({ kind: 'queued', ahead: 2 });
    fold.add({ type: 'admitted' });
    expect(fold.progress).toEqual({ kind: 'sent' });
    fold.add(startFrame({ seed: 5 }));
    fold.add({ type: 'prompt', evaluated: 3, total: 9 });
    expect(fold.progress).toMatchObject({ kind: 'reading', evaluated: 3, total: 9 });
    fold.add({ type: 'round', drafted: 0, accepted: 0, tokens: 1, draftMs: 0, verifyMs: 1 });
    fold.add(textFrame('Once'));
    fold.add({ type: 'round', drafted: 3, accepted: 2, tokens: 3, draftMs: 1, verifyMs: 1 });
    fold.add(textFrame(' upon', ' a', ' time'));
    expect(fold.text).toBe('Once upon a time');
    expect(fold.segments.map(({ first, tokens }) => [first, tokens.length])).toEqual([[0, 4]]);
    expect(fold.report).toMatchObject({
      seed: 5,
      end: 'stopped',
      tokens: 4,
      rounds: 2,
      accepted: 2,
      rejected: 1,
      promptMs: 100,
      writingMs: 200,
    });
  });

  test('takes what the server counted in the end', () => {
    const fold = new AnswerFold(() => 0);
    expect(fold.report).toBeUndefined();
    fold.add(startFrame());
    fold.add(textFrame('a'));
    fold.add(finishFrame({ reason: 'length', predictedPlainMs: 50 }));
    expect(fold.isFinished).toBe(true);
    expect(fold.report).toMatchObject({
      end: 'length',
      rounds: 7,
      accepted: 5,
      promptMs: 12,
      writingMs: 34,
      plainMs: 50,
    });
  });

  test('goes on behind what it has', () => {
    const fold = new AnswerFold(() => 0, { text: 'ab', segments: segmentsOf('a', 'b') });
    fold.add(startFrame());
    fold.add(textFrame('c'));
    expect(fold.text).toBe('abc');
    expect(fold.segments[0]?.tokens.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    expect(fold.report).toMatchObject({ tokens: 1 });
  });

  test('that goes on counts what was written before', () => {
    const before = new AnswerFold(() => 0);
    for (const frame of [startFrame({ promptTokens: 5 }), textFrame('a', 'b'), finishFrame({ predictedPlainMs: 50 })])
      before.add(frame);
    const fold = new AnswerFold(() => 0, { text: 'ab', segments: before.segments, report: before.report });
    for (const frame of [startFrame(), textFrame('c'), finishFrame({ reason: 'length', predictedPlainMs: 20 })])
      fold.add(frame);
    expect(fold.report).toMatchObject({
      ...{
        tokens: 3,
        rounds: 14,
        accepted: 10,
        rejected: 2,
        promptTokens: 5,
        promptMs: 12,
        writingMs: 68,
        plainMs: 70,
      },
      end: 'length',
    });
  });
});

describe('segments', () => {
  test('end with lines, so that each can be a block', () => {
    const texts = Array.from({ length: 1000 }, (_, i) => (i % 30 === 29 ? '.\n' : ' word'));
    const segments = segmentsOf(...texts);
    expect(tokensOf(segments).map(({ text }) => text)).toEqual(texts);
    expect(segments.slice(0, -1).every(endsLine)).toBe(true);
    expect(segments.map(({ first }) => first)).toEqual([0, 210, 420, 630, 840]);
  });

  test('end without one where there is none for long', () => {
    expect(segmentsOf(...Array.from({ length: 4500 }, () => 'x')).map(({ tokens }) => tokens.length)).toEqual([
      2000, 2000, 500,
    ]);
  });

  test('that are full stay the same while the answer grows', () => {
    const fold = new AnswerFold(() => 0);
    fold.add(startFrame());
    fold.add(textFrame(...Array.from({ length: 200 }, () => 'x\n')));
    const [full] = fold.segments;
    const length = full?.tokens.length;
    fold.add(textFrame('y'));
    expect(fold.segments[0]).toBe(full);
    expect(full?.tokens.length).toBe(length);
    expect(fold.segments).toHaveLength(2);
  });
});
