import { describe, expect, it } from 'vitest';
import type { Token } from './distribution.js';
import { fixedLength } from './length/fixed.js';
import { type ProposalRequest, SingleProposer } from './proposer.js';
import { TextDrafter } from './testing/text-drafter.js';
import { WrittenProposer } from './written-proposer.js';

const PROMPT = [9, 9];
const WRITTEN = { tokens: [1, 2, 3, 4, 5], confidences: [0.1, 0.2, 0.3, 0.4, 0.5] };

function proposer(next: SingleProposer | undefined = undefined, max = 2) {
  const judged: [number, boolean][] = [];
  const onJudged = (confidence: number, accepted: boolean): void => void judged.push([confidence, accepted]);
  return { judged, written: new WrittenProposer({ written: WRITTEN, start: PROMPT.length, next, max, onJudged }) };
}

const behind = (tokens: readonly Token[], room = 8): ProposalRequest => ({
  context: [...PROMPT, ...tokens],
  prefix: [],
  rule: 'matching',
  room,
  generated: tokens.length,
  signal: undefined,
});

describe('what was written before', () => {
  it('is proposed behind what the text has of it, as far as there is room', async () => {
    const { written } = proposer();
    expect((await written.propose(behind([1]))).draft).toEqual({
      tokens: [2, 3, 4, 5],
      confidences: [0.2, 0.3, 0.4, 0.5],
    });
    expect((await written.propose(behind([1, 2], 2))).draft.tokens).toEqual([3, 4]);
    expect((await written.propose(behind([1, 2, 3, 4, 5]))).draft.tokens).toEqual([]);
  });

  it('is dropped where the text goes another way, and accounted for once', async () => {
    const { written } = proposer();
    expect(await written.propose(behind([2]))).toMatchObject({ draft: { tokens: [] }, dropped: 5 });
    expect(await written.propose(behind([1, 7]))).toMatchObject({ draft: { tokens: [] }, dropped: 0 });
    expect(await written.propose(behind([1, 2, 3, 4, 5, 6]))).toMatchObject({ draft: { tokens: [] } });
  });

  it('is known by its draft, and by no other', async () => {
    const { written } = proposer(new SingleProposer(new TextDrafter([9, 9, 4, 5, 6, 7]), fixedLength(4)));
    const { draft } = await written.propose(behind([1]));
    expect(written.proposed(draft)).toBe(true);
    const other = await written.propose(behind([8]));
    expect(other.draft.tokens.length).toBeGreaterThan(0);
    expect(written.proposed(other.draft)).toBe(false);
  });

  it('leaves the rest to the usual proposer, and no more than its own room', async () => {
    const { written } = proposer(new SingleProposer(new TextDrafter([9, 9, 4, 5, 6, 7]), fixedLength(4)), 2);
    expect((await written.propose(behind([8]))).draft.tokens).toHaveLength(2);
    const { written: none } = proposer(new SingleProposer(new TextDrafter([9, 9, 4, 5, 6, 7]), fixedLength(4)), 0);
    expect((await none.propose(behind([8]))).draft.tokens).toEqual([]);
  });

  it('tells of the tokens that were judged: the first by what comes behind the prompt', async () => {
    const { written, judged } = proposer();
    const round = { dropped: 0, evidence: [], draftMs: 0, verifyMs: 0 };
    written.observe({ ...round, position: 2, draft: { tokens: [], confidences: [] }, accepted: 0, tokens: [1] });
    const { draft } = await written.propose(behind([1]));
    written.observe({ ...round, position: 3, draft, accepted: 2, tokens: [2, 3, 8] });
    expect(judged).toEqual([
      [0.1, true],
      [0.2, true],
      [0.3, true],
      [0.4, false],
    ]);
    // A round that is somebody else's tells nothing of it.
    written.observe({ ...round, position: 6, draft: { tokens: [5], confidences: [1] }, accepted: 0, tokens: [4] });
    expect(judged).toHaveLength(4);
  });
});
