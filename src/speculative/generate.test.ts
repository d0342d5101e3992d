import { describe, expect, it } from 'vitest';
import type { Token } from './distribution.js';
import type { Drafter } from './drafter.js';
import { ModelDrafter } from './drafters/model.js';
import { generate, type Round } from './generate.js';
import { fixedLength } from './length/fixed.js';
import type { LengthPolicy, RoundStart } from './length/policy.js';
import { SingleProposer } from './proposer.js';
import { sequentialRandom } from './random.js';
import { StatisticsCounter } from './stats.js';
import {
  draftModel,
  expectAgreement,
  model,
  modelDrafter,
  noise,
  PROMPT,
  plainText,
  setUp,
  VERIFICATIONS,
  VOCABULARY,
} from './testing/generation.js';
import { JunkDrafter } from './testing/junk-drafter.js';
import { UNTIMED } from './testing/rounds.js';
import { run } from './testing/run.js';
import { SoftmaxSampler } from './testing/softmax-sampler.js';
import { TabularSequence } from './testing/tabular-sequence.js';
import { TextDrafter } from './testing/text-drafter.js';

/** The generated token whose first occurrence comes last. */
function latestNewcomer(text: readonly Token[]): Token {
  const first = (token: Token): number => text.indexOf(token, PROMPT.length);
  return text.slice(PROMPT.length).reduce((latest, token) => (first(token) > first(latest) ? token : latest));
}

describe.each(VERIFICATIONS)('after every round under $rule', (verification) => {
  const drafters: [string, () => Drafter | undefined][] = [
    ['no drafter', () => undefined],
    ['a model', modelDrafter],
    ['the same model', () => modelDrafter(model)],
    ['junk', () => new JunkDrafter(VOCABULARY, sequentialRandom(4))],
  ];

  it.each(drafters)(
    'with %s, target and sampler hold the context, the target without its last token',
    async (_, of) => {
      const generation = setUp({ verification, drafter: of() });
      const { rounds } = await run(generation, (round) => {
        expectAgreement(generation);
        expect(generation.context.length).toBe(round.position + round.tokens.length);
        expect(generation.context.slice(round.position)).toEqual(round.tokens);
      });
      expect(generation.context).toHaveLength(PROMPT.length + 24);
      expect(rounds.flatMap(({ tokens }) => tokens)).toEqual(generation.context.slice(PROMPT.length));
    },
  );
});

describe('the draft model', () => {
  const policies: LengthPolicy[] = [
    fixedLength(1),
    fixedLength(5),
    // Without the drops of `keep`: a token that was dropped and is then the target's own has to be evaluated again.
    {
      name: 'while the peak is high',
      begin: (start) => ({ ...fixedLength(8).begin(start), admits: (peak) => peak > 0.3 }),
      observe: () => {},
    },
    // Wants something in one round of three.
    {
      name: 'now and then',
      begin: (() => {
        let rounds = 0;
        return (start: RoundStart) => fixedLength(rounds++ % 3 === 0 ? 4 : 0).begin(start);
      })(),
      observe: () => {},
    },
  ];

  it.each(policies)('never evaluates a token twice ($name)', async (length) => {
    for (const of of [draftModel, model]) {
      const sequence = new TabularSequence(of);
      const sampler = new SoftmaxSampler({});
      const random = sequentialRandom(3);
      const isEnd = () => false;
      const drafter = new ModelDrafter({ name: 'draft', sequence, sampler, noise, random, isEnd, ...UNTIMED });
      for (const verification of VERIFICATIONS) {
        await run(setUp({ drafter, length, verification, maxTokens: 40, context: [...PROMPT] }));
        expect(new Set(sequence.evaluated).size).toBe(sequence.evaluated.length);
        sequence.rewind(0);
        sampler.rewind(0);
        sequence.evaluated.length = 0;
      }
    }
  });
});

describe('the length of a text', () => {
  it.each([0, 1, 2, 3, 4, 5, 9])('is %d tokens where that is the limit, whatever is accepted', async (maxTokens) => {
    const text = await plainText(12);
    for (const drafter of [undefined, new TextDrafter(text), new JunkDrafter(VOCABULARY, sequentialRandom(1))]) {
      const generation = setUp({ drafter, maxTokens, length: fixedLength(8) });
      expect((await run(generation)).ending).toBe('length');
      expect(generation.context).toHaveLength(PROMPT.length + maxTokens);
    }
  });

  it('ends at an end token inside an accepted block, and nothing behind it is in the text', async () => {
    const text = await plainText(20);
    const end = latestNewcomer(text);
    const at = text.indexOf(end, PROMPT.length);
    const generation = setUp({
      drafter: new TextDrafter(text),
      length: fixedLength(16),
      isEnd: (token) => token === end,
    });
    const { rounds, ending } = await run(generation, () => expectAgreement(generation));
    expect(ending).toBe('end');
    expect(generation.context).toEqual(text.slice(0, at + 1));
    const last = rounds.at(-1)!;
    expect(last.accepted).toBeGreaterThan(last.tokens.length);
  });

  it('ends at an end token that is the last one allowed', async () => {
    const text = await plainText(20);
    const end = latestNewcomer(text);
    const maxTokens = text.indexOf(end, PROMPT.length) + 1 - PROMPT.length;
    const generation = setUp({ maxTokens, isEnd: (token) => token === end });
    expect((await run(generation)).ending).toBe('end');
    expect(generation.context).toHaveLength(PROMPT.length + maxTokens);
  });
});

describe('synthetic acceptance', () => {
  it.each([1, 3, 8])('of 1 takes every draft of %d tokens, and the text is the plain one', async (width) => {
    const text = await plainText(24);
    const generation = setUp({ drafter: new TextDrafter(text), length: fixedLength(width) });
    const counter = new StatisticsCounter();
    await run(generation, (round) => counter.add(round));
    expect(generation.context).toEqual(text);
    expect(counter.statistics).toMatchObject({ acceptanceRate: 1, rejected: 0, recovered: 0 });
    expect(counter.statistics.rounds).toBe(1 + Math.ceil(23 / (width + 1)));
  });

  it.each([1, 3, 8])('of 0 takes no draft of %d tokens, and the text is the plain one', async (width) => {
    const text = await plainText(24);
    const generation = setUp({
      drafter: new TextDrafter(text.map((token) => (token + 1) % VOCABULARY)),
      length: fixedLength(width),
    });
    const counter = new StatisticsCounter();
    await run(generation, (round) => counter.add(round));
    expect(generation.context).toEqual(text);
    expect(counter.statistics).toMatchObject({ acceptanceRate: 0, accepted: 0, bonus: 0, rounds: 24 });
  });

  it('of 1 is what the same model gets under every rule', async () => {
    for (const verification of VERIFICATIONS) {
      const counter = new StatisticsCounter();
      await run(setUp({ drafter: modelDrafter(model), verification }), (round) => counter.add(round));
      expect(counter.statistics.acceptanceRate).toBe(1);
    }
  });
});

describe('stopping', () => {
  it('by the signal happens before the next round, with the reason of the signal', async () => {
    const controller = new AbortController();
    const generation = setUp({ signal: controller.signal });
    const reason = new Error('enough');
    const rounds: Round[] = [];
    const aborted = run(generation, (round) => {
      rounds.push(round);
      if (round.index === 2) controller.abort(reason);
    });
    await expect(aborted).rejects.toBe(reason);
    expect(rounds).toHaveLength(3);
    expectAgreement(generation);
  });

  it('at once evaluates nothing where the signal was given before', async () => {
    const generation = setUp({ signal: AbortSignal.abort() });
    await expect(run(generation)).rejects.toThrow();
    expect(generation.target.length).toBe(0);
  });

  it('by return leaves target and context in agreement, and the text can be continued', async () => {
    const text = await plainText(24);
    const generation = setUp({ drafter: modelDrafter() });
    for await (const round of generate(generation)) if (round.index === 3) break;
    expectAgreement(generation);
    const rest = text.length - generation.context.length;
    const proposer = new SingleProposer(modelDrafter(), fixedLength(3));
    await run({ ...generation, proposer, maxTokens: rest });
    expect(generation.context).toEqual(text);
  });

  it('by an error of the target leaves the context as it was', async () => {
    const generation = setUp({ drafter: new TextDrafter(await plainText(24)) });
    const target = new TabularSequence(model, 8);
    await expect(run({ ...generation, target })).rejects.toThrow('more than 8 tokens');
    expect(target.tokens).toEqual(generation.context.slice(0, -1));
  });
});

it('the context may be in the cache already, but for its last token', async () => {
  const generation = setUp();
  await generation.target.evaluate(PROMPT.slice(0, -1), 0, () => {});
  await run(generation);
  expect(generation.context).toEqual(await plainText(24));
  expect(new Set(generation.target.evaluated).size).toBe(generation.target.evaluated.length);
});

it('drafting and verification are timed by the clock that was given', async () => {
  let time = 0;
  const { rounds } = await run(setUp({ maxTokens: 2, now: () => time++ }));
  expect(rounds.map(({ draftMs, verifyMs }) => [draftMs, verifyMs])).toEqual([
    [1, 1],
    [1, 1],
  ]);
});
