import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NgramDrafter } from '../../docs/examples/ngram-drafter.js';
import { streakLength } from '../../docs/examples/streak-length.js';
import { fixedLength, type Token } from '../../src/speculative/index.js';
import { PROMPT, plainText, setUp, VERIFICATIONS } from '../../src/speculative/testing/generation.js';
import { roundOutcome, roundStart, sure } from '../../src/speculative/testing/rounds.js';
import { run } from '../../src/speculative/testing/run.js';

const docs = new URL('../../docs/', import.meta.url);

describe('docs/extending.md', () => {
  const text = readFileSync(new URL('extending.md', docs), 'utf8');

  it.each(readdirSync(new URL('examples', docs)))('shows docs/examples/%s as it is', (name) => {
    const example = readFileSync(new URL(`examples/${name}`, docs), 'utf8');
    expect(text).toContain(`\`docs/examples/${name}\`:\n\n\`\`\`ts\n${example}\`\`\`\n`);
  });
});

describe('the n-gram drafter', () => {
  const propose = async (context: readonly Token[], most = 10): Promise<readonly Token[]> => {
    const length = fixedLength(most).begin(roundStart(most));
    const draft = await new NgramDrafter(2).propose({
      context,
      prefix: [],
      rule: 'matching',
      room: most,
      affordable: 0,
      length,
      signal: undefined,
    });
    expect(draft.confidences).toHaveLength(draft.tokens.length);
    return draft.tokens;
  };

  it('proposes what followed the latest earlier occurrence', async () => {
    expect(await propose([1, 2, 3, 9, 1, 2, 4, 9, 1, 2])).toEqual([4, 9, 1, 2]);
  });

  it('proposes as much as is wanted', async () => {
    expect(await propose([1, 2, 3, 4, 5, 1, 2], 2)).toEqual([3, 4]);
  });

  it('finds the text that overlaps with its own end', async () => {
    expect(await propose([7, 7, 7])).toEqual([7]);
  });

  it('proposes nothing in a text that does not repeat itself, or is too short to', async () => {
    expect(await propose([1, 2, 3, 4])).toEqual([]);
    expect(await propose([1])).toEqual([]);
    expect(await propose([1, 2])).toEqual([]);
  });

  it('leaves the text of a seed as it is', async () => {
    const generation = setUp({ drafter: new NgramDrafter(1), length: streakLength(2, 6) });
    const { rounds } = await run(generation);
    expect(generation.context).toEqual(await plainText(24));
    expect(rounds.some(({ accepted }) => accepted > 0)).toBe(true);
  });

  it('serves the rules that would like to know laws', async () => {
    for (const verification of VERIFICATIONS) {
      const generation = setUp({ drafter: new NgramDrafter(1), verification });
      const { rounds } = await run(generation);
      expect(generation.context).toHaveLength(PROMPT.length + 24);
      expect(rounds.some(({ accepted }) => accepted > 0)).toBe(true);
    }
  });
});

describe('the streak', () => {
  const outcome = (drafted: number, accepted: number) =>
    roundOutcome({ tokens: Array(drafted).fill(0), confidences: sure(drafted) }, accepted);
  const lengthOf = (policy: ReturnType<typeof streakLength>, room = 100): number => {
    const round = policy.begin(roundStart(room));
    let drafted = 0;
    while (round.wants(sure(drafted))) drafted++;
    return drafted;
  };

  it('grows by two, shrinks by one, within its bounds and the room', () => {
    const policy = streakLength(3, 6);
    expect(lengthOf(policy)).toBe(3);
    policy.observe(outcome(3, 3));
    expect(lengthOf(policy)).toBe(5);
    policy.observe(outcome(5, 5));
    expect(lengthOf(policy)).toBe(6);
    expect(lengthOf(policy, 4)).toBe(4);
    for (let i = 0; i < 9; i++) policy.observe(outcome(2, 1));
    expect(lengthOf(policy)).toBe(1);
  });

  it('learns nothing from a round without a draft', () => {
    const policy = streakLength(3, 6);
    policy.observe(outcome(0, 0));
    expect(lengthOf(policy)).toBe(3);
  });
});
