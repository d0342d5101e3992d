import { describe, expect, it } from 'vitest';
import type { Token } from './distribution.js';
import type { Draft, Drafter, RoundOutcome } from './drafter.js';
import { generate } from './generate.js';
import { confidenceCut } from './length/confidence.js';
import { fixedLength } from './length/fixed.js';
import type { LengthPolicy } from './length/policy.js';
import { expectAgreement, PROMPT, plainText, setUp, VERIFICATIONS } from './testing/generation.js';
import { run } from './testing/run.js';

/** Proposes what it is told to, whatever was asked, and remembers what it was told. */
class StubDrafter implements Drafter {
  readonly name = 'stub';
  readonly outcomes: RoundOutcome[] = [];
  proposals = 0;
  readonly #propose: () => Draft;

  constructor(propose: () => Draft) {
    this.#propose = propose;
  }

  async propose(): Promise<Draft> {
    this.proposals += 1;
    return this.#propose();
  }

  observe(outcome: RoundOutcome): void {
    this.outcomes.push(outcome);
  }

  close(): void {}
}

const draftOf = (...tokens: Token[]): Draft => ({ tokens, confidences: tokens.map(() => 1) });

describe('what the drafter is asked', () => {
  it('is nothing in the first round, so that no draft delays the first token', async () => {
    const drafter = new StubDrafter(() => draftOf(0));
    const generation = setUp({ drafter });
    const generator = generate(generation);
    const { value } = await generator.next();
    expect(value).toMatchObject({ index: 0, position: 3, draft: draftOf(), accepted: 0, origin: 'plain' });
    expect(drafter.proposals).toBe(0);
    expect(generation.target.evaluated).toEqual(['0', '0 1', '0 1 2']);
  });

  it('is nothing where the policy wants nothing, yet it hears of every round', async () => {
    const drafter = new StubDrafter(() => draftOf(0));
    const { rounds } = await run(setUp({ drafter, length: fixedLength(0), maxTokens: 9 }));
    expect(drafter.proposals).toBe(0);
    expect(drafter.outcomes).toHaveLength(9);
    expect(rounds.every(({ origin }) => origin === 'plain')).toBe(true);
  });

  it('is nothing where only the last token is missing', async () => {
    const drafter = new StubDrafter(() => draftOf(0));
    await run(setUp({ drafter, maxTokens: 2 }));
    expect(drafter.proposals).toBe(0);
  });

  it('is at most what room there is: the token limit and the widest pass', async () => {
    const rooms: number[] = [];
    const length: LengthPolicy = {
      name: 'spy',
      begin: (start) => {
        rooms.push(start.room);
        return fixedLength(0).begin(start);
      },
      observe: () => {},
    };
    await run(setUp({ drafter: new StubDrafter(() => draftOf(0)), length, maxTokens: 7, maxDraft: 4 }));
    expect(rooms).toEqual([4, 4, 3, 2, 1]);
  });

  it('comes with the context, the rule, the plan of the round and the signal', async () => {
    const { signal } = new AbortController();
    for (const verification of VERIFICATIONS) {
      const requests: unknown[] = [];
      const drafter: Drafter = {
        name: 'spy',
        propose: async (request) => {
          requests.push({ ...request, context: [...request.context], length: request.length.wants([1, 1]) });
          return draftOf();
        },
        observe: () => {},
        close: () => {},
      };
      const generation = setUp({ drafter, verification, signal, maxTokens: 3 });
      await run(generation);
      const rule = verification.rule === 'match' ? 'matching' : 'rejection';
      const whole = { prefix: [], room: 1, affordable: Number.POSITIVE_INFINITY };
      expect(requests).toEqual([{ context: generation.context.slice(0, 4), rule, length: false, signal, ...whole }]);
    }
  });
});

describe('what the drafter answers', () => {
  it('is cut to the room there is where it is more', async () => {
    const text = await plainText(24);
    const drafter = new StubDrafter(() => draftOf(...text.slice(PROMPT.length + 1, PROMPT.length + 11)));
    const generation = setUp({ drafter, length: fixedLength(16), maxTokens: 24, maxDraft: 4 });
    const { rounds } = await run(generation, () => expectAgreement(generation));
    expect(generation.context).toEqual(text);
    expect(rounds[1]).toMatchObject({ accepted: 4, dropped: 6, origin: 'bonus' });
    expect(rounds[1]!.draft.tokens).toHaveLength(4);
  });

  it('is cut with its laws under rejection, where the policy has no say', async () => {
    const drafter = new StubDrafter(() => ({
      ...draftOf(0, 1, 2, 3),
      laws: [0, 1, 2, 3].map((token) => ({ ids: [token], probabilities: [1] })),
    }));
    const length: LengthPolicy = {
      name: 'keeps nothing',
      begin: () => ({ wants: () => true, admits: () => true, keep: () => 0 }),
      observe: () => {},
    };
    const { rounds } = await run(setUp({ drafter, length, verification: VERIFICATIONS[1]!, maxDraft: 3 }));
    expect(rounds[1]!.draft.laws).toHaveLength(3);
    expect(rounds[1]).toMatchObject({ dropped: 1 });
  });

  it('loses under matching the tail that the policy does not keep, and the drafter hears of it', async () => {
    const drafter = new StubDrafter(() => ({ tokens: [0, 1, 2], confidences: [0.9, 0.1, 0.9] }));
    const length = confidenceCut({ min: 0, max: 3, minConfidence: 0.5 });
    const { rounds } = await run(setUp({ drafter, length, maxTokens: 8 }));
    expect(rounds[1]).toMatchObject({ draft: { tokens: [0], confidences: [0.9] }, dropped: 2 });
    expect(drafter.outcomes[1]).toMatchObject({ draft: { tokens: [0] }, dropped: 2, tokens: rounds[1]!.tokens });
  });

  it('may be nothing', async () => {
    const { rounds } = await run(setUp({ drafter: new StubDrafter(() => draftOf()), maxTokens: 5 }));
    expect(rounds.map(({ origin }) => origin)).toEqual(Array(5).fill('plain'));
  });

  it('cannot unbalance the counts by a policy that keeps more than there is, or less than nothing', async () => {
    for (const kept of [7, -1, Number.NaN]) {
      const length: LengthPolicy = {
        name: 'wild',
        begin: () => ({ wants: () => true, admits: () => true, keep: () => kept }),
        observe: () => {},
      };
      const { rounds } = await run(setUp({ drafter: new StubDrafter(() => draftOf(0, 1, 2)), length, maxTokens: 9 }));
      for (const { draft, dropped } of rounds.slice(1, 4)) expect(draft.tokens.length + dropped).toBe(3);
    }
  });

  it('is passed on where it is an error, and leaves target and context in agreement', async () => {
    const drafter = new StubDrafter(() => {
      throw new Error('the drafter broke');
    });
    const generation = setUp({ drafter });
    await expect(run(generation)).rejects.toThrow('the drafter broke');
    expect(generation.context).toHaveLength(PROMPT.length + 1);
    expectAgreement(generation);
  });
});
