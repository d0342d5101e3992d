import { expect, test } from 'vitest';
import { calibrationCurves } from './calibration.js';

const REST = { index: 1, dropped: 0, origin: 'recovered' as const, draftMs: 0, verifyMs: 0 };

test('judged tokens fall into bins of confidence, each with its mean and what was accepted of it', () => {
  const rounds = [
    { draft: { tokens: [1, 2, 3], confidences: [0.96, 0.98, 0.3] }, accepted: 1, ...REST },
    { draft: { tokens: [4], confidences: [1] }, accepted: 1, ...REST },
    { draft: { tokens: [5], confidences: [0] }, accepted: 0, ...REST },
    { draft: { tokens: [], confidences: [] }, accepted: 0, ...REST },
  ];
  expect(calibrationCurves(rounds)).toEqual([
    {
      drafter: 'draft',
      bins: [
        { confidence: 0, accepted: 0, count: 1 },
        { confidence: 0.97, accepted: 0.5, count: 2 },
        { confidence: 1, accepted: 1, count: 1 },
      ],
    },
  ]);
});

test('each drafter has a curve of its own', () => {
  const draft = { tokens: [1, 2], confidences: [0.5, 0.5], sources: ['lookup', 'tiny'] };
  const curves = calibrationCurves([{ draft, accepted: 1, ...REST }]);
  expect(curves.map(({ drafter, bins }) => [drafter, bins[0]!.accepted])).toEqual([
    ['lookup', 1],
    ['tiny', 0],
  ]);
});
