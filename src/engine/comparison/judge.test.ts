import { expect, test } from 'vitest';
import type { TokenScore } from '../score.js';
import { agreementOf, judge, piecesOf } from './judge.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function scored(text: string, plain: number, probability: number, wanted?: string): TokenScore {
  const known = (of: string, p: number) => ({ token: of.length, bytes: bytes(of), logprob: Math.log(p) });
  const top = wanted === undefined ? [known(text, plain)] : [known(wanted, 0.9)];
  return { ...known(text, plain), rank: wanted === undefined ? 0 : 1, entropy: 0, probability, top };
}

test('greedy: accepted is what the target finds likeliest, and what it wanted else is told', () => {
  const target = [scored('a', 0.75, 1), scored(' b', 0.125, 0, ' c')];
  const draft = [scored('a', 0.5, 1), scored(' b', 0.25, 1)];
  expect(judge(target, draft)).toEqual(
    [
      { text: 'a', accepted: true, acceptance: 1, target: 0.75, draft: 0.5, wanted: null },
      { text: ' b', accepted: false, acceptance: 0, target: 0.125, draft: 0.25, wanted: ' c' },
    ].map((token) => ({ ...token, target: expect.closeTo(token.target), draft: expect.closeTo(token.draft) })),
  );
});

test('drawn: accepted with min(1, p/q) of the laws, not of the plain softmax', () => {
  const target = [scored('a', 0.1, 0.5), scored('b', 0.1, 0.2), scored('c', 0.1, 0.9)];
  const draft = [scored('a', 0.9, 0.8), scored('b', 0.9, 0.8), scored('c', 0.9, 0.3)];
  const judged = judge(target, draft);
  expect(judged.map(({ acceptance }) => acceptance)).toEqual([0.625, 0.25, 1].map((chance) => expect.closeTo(chance)));
  expect(judged.map(({ accepted }) => accepted)).toEqual([true, false, true]);
});

test('where the draft’s probability is not known, or its law leaves out what it wrote: accepted with p', () => {
  const target = [scored('ab', 0.5, 0.5), scored('c', 0.5, 0.5), scored('d', 0.5, 1)];
  const draft = [scored('a', 0.5, 0.5), scored('bc', 0.5, 0.5), scored('d', 0.5, 0)];
  const judged = judge(target, draft);
  expect(judged.map(({ acceptance }) => acceptance)).toEqual([0.5, 0.5, 1]);
  expect(judged.map((token) => token.draft)).toEqual([null, null, expect.closeTo(0.5)]);
});

test('two ways of spelling the end of a text are one token', () => {
  const draft = [scored('a', 0.5, 1), scored('</s>', 0.25, 1)];
  const [, end] = judge([scored('a', 0.5, 1), scored('<|end|>', 0.5, 1)], draft);
  expect(end).toMatchObject({ text: '<|end|>', accepted: true, draft: expect.closeTo(0.25) });
});

test('the texts of all tokens together are the text, whole characters only', () => {
  const [first, second] = [bytes('é').subarray(0, 1), bytes('é').subarray(1)];
  expect(piecesOf([bytes('a'), first!, second!, bytes('b')])).toEqual(['a', '', 'é', 'b']);
  expect(piecesOf([bytes('a'), first!])).toEqual(['a', '\uFFFD'].map((text, i) => (i === 1 ? text : 'a')));
  expect(piecesOf([])).toEqual([]);
});

test('agreement counts, and predicts from costs where they are known', () => {
  const judged = judge([scored('a', 1, 1), scored('b', 1, 1), scored('c', 1, 0)], []);
  const costs = { verify: [10, 10, 10], forward: 1 };
  expect(agreementOf(judged, costs)).toMatchObject({ judged: 3, accepted: 2, draftLength: 2 });
  expect(agreementOf(judged, costs).expectedAcceptance).toBeCloseTo(2 / 3);
  expect(agreementOf(judged, undefined)).toMatchObject({ expectedSpeedup: null, draftLength: null });
  expect(agreementOf([], costs)).toMatchObject({ judged: 0, accepted: 0, expectedAcceptance: null });
});
