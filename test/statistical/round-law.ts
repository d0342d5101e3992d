import type { Distribution, Draft, Random, Row, Sampler, Token, Verdict } from '../../src/speculative/index.js';
import { SoftmaxSampler } from '../../src/speculative/testing/softmax-sampler.js';
import { integrateCoins } from './coins.js';
import { textLaw, type Writer } from './text-law.js';

/** A rule that verifies with coins: rejection, block, or a mutant of one. */
export type CoinRule = (rows: readonly Row[], draft: Draft, sampler: Sampler, random: Random) => Verdict;

export interface RoundLaw {
  /** The law of the first `count + 1` tokens when the target goes on by itself behind what the round emitted. */
  readonly texts: Map<string, number>;
  /** The expected number of accepted tokens. */
  readonly accepted: number;
}

/** The exact law of one round: every draft of `count` tokens that the draft model can draw, every coin of the rule. */
export async function roundLaw(rule: CoinRule, target: Writer, drafter: Writer, count: number): Promise<RoundLaw> {
  const texts = new Map<string, number>();
  let expected = 0;
  for (const { draft, probability } of drafts(drafter, count)) {
    const rows = Array.from({ length: count + 1 }, (_, i) =>
      target.model.logits([...target.prompt, ...draft.tokens.slice(0, i)]),
    );
    const verdicts = await integrateCoins((random) => {
      const sampler = new SoftmaxSampler({ ...target.sampling, history: target.prompt });
      const { accepted } = rule(rows, draft, sampler, random);
      return [accepted, ...sampler.history.slice(target.prompt.length)].join(' ');
    });
    for (const [verdict, mass] of verdicts) {
      const [accepted, ...emitted] = verdict.split(' ').map(Number) as [number, ...Token[]];
      expected += probability * mass * accepted;
      complete(texts, target, emitted, probability * mass, count + 1);
    }
  }
  return { texts, accepted: expected };
}

/** Adds the mass of a beginning to all texts that the target makes of it. */
function complete(texts: Map<string, number>, target: Writer, begun: Token[], mass: number, length: number): void {
  const rest = textLaw({ ...target, prompt: [...target.prompt, ...begun] }, length - begun.length);
  for (const [end, probability] of rest) {
    const text = end === '' ? begun.join(' ') : `${begun.join(' ')} ${end}`;
    texts.set(text, (texts.get(text) ?? 0) + mass * probability);
  }
}

/** Every draft that a draft model can draw, with its probability. */
function* drafts({ model, sampling, prompt }: Writer, count: number): Generator<{ draft: Draft; probability: number }> {
  function* extend(
    tokens: readonly Token[],
    laws: readonly Distribution[],
    probability: number,
  ): Generator<{ draft: Draft; probability: number }> {
    if (tokens.length === count) {
      yield { draft: { tokens, confidences: tokens.map(() => 1), laws }, probability };
      return;
    }
    const history = [...prompt, ...tokens];
    const law = new SoftmaxSampler({ ...sampling, history }).law(model.logits(history));
    for (let i = 0; i < law.ids.length; i++) {
      yield* extend([...tokens, law.ids[i]!], [...laws, law], probability * law.probabilities[i]!);
    }
  }
  yield* extend([], [], 1);
}
