/**
 * Wrong implementations, each one change away from the right one: mistakes that were made in the field or are easy to
 * make. The checks of this folder are worth something as long as they tell every one of these from the right one.
 */
import {
  type Distribution,
  type Draft,
  type Drafter,
  type DraftRequest,
  drawBy,
  type Noise,
  pointMass,
  probabilityOf,
  type Random,
  type RoundLength,
  type Row,
  residual,
  type Sampler,
  type Sequence,
  type Token,
  type Verdict,
} from '../../src/speculative/index.js';
import type { CoinRule } from './round-law.js';

const lawOf = (draft: Draft, i: number): Distribution => draft.laws?.[i] ?? pointMass(draft.tokens[i]!);

function emit(accepted: number, law: Distribution, sampler: Sampler, random: Random): Verdict {
  const next = drawBy(law, random());
  sampler.push(next);
  return { accepted, next, laws: [] };
}

/** The token rule, but for what decides and what is drawn from after a rejection. */
function tokenRule(
  accepts: (p: number, q: number, random: Random) => boolean,
  afterRejection: (p: Distribution, q: Distribution) => Distribution,
): CoinRule {
  return (rows, draft, sampler, random) => {
    for (let i = 0; i < draft.tokens.length; i++) {
      const token = draft.tokens[i]!;
      const [p, q] = [sampler.law(rows[i]!), lawOf(draft, i)];
      if (!accepts(probabilityOf(p, token), probabilityOf(q, token), random)) {
        return emit(i, afterRejection(p, q), sampler, random);
      }
      sampler.push(token);
    }
    return emit(draft.tokens.length, sampler.law(rows[draft.tokens.length]!), sampler, random);
  };
}

const byCoin = (p: number, q: number, random: Random): boolean => random() * q < p;
const fromResidual = (p: Distribution, q: Distribution): Distribution => residual(p, q).law;

/** The block rule, but for how the coins choose a prefix and what weighs the residual. */
function blockRule(
  choose: (acceptances: readonly number[], random: Random) => number,
  weigh: (weight: number) => number,
): CoinRule {
  return (rows, draft, sampler, random) => {
    const k = draft.tokens.length;
    const base = sampler.length;
    const p = rows.slice(0, k + 1).map((row: Row, i) => {
      const law = sampler.law(row);
      if (i < k) sampler.push(draft.tokens[i]!);
      return law;
    });
    const weight = [1];
    draft.tokens.forEach((token, i) => {
      weight.push(Math.min(1, (weight[i]! * probabilityOf(p[i]!, token)) / probabilityOf(lawOf(draft, i), token)));
    });
    const acceptances = draft.tokens.map((_, i) => {
      const w = weight[i + 1]!;
      if (i + 1 === k) return w;
      const { mass } = residual(p[i + 1]!, lawOf(draft, i + 1), w);
      return mass + 1 - w > 0 ? mass / (mass + 1 - w) : 1;
    });
    const accepted = choose(acceptances, random);
    sampler.rewind(base + accepted);
    if (accepted === k) return emit(k, p[k]!, sampler, random);
    const law = residual(p[accepted]!, lawOf(draft, accepted), weigh(weight[accepted]!)).law;
    return emit(accepted, law, sampler, random);
  };
}

const longest = (acceptances: readonly number[], random: Random): number =>
  acceptances.map((h) => random() < h).lastIndexOf(true) + 1;

function upToFirstFailure(acceptances: readonly number[], random: Random): number {
  const failure = acceptances.findIndex((h) => random() >= h);
  return failure < 0 ? acceptances.length : failure;
}

/** Those without a change are the right rules once more: what differs from them is the mutation and nothing else. */
export const COIN_RULES = {
  token: tokenRule(byCoin, fromResidual),
  'token, the target drawn from after a rejection': tokenRule(byCoin, (p) => p),
  'token, no coin': tokenRule((p) => p > 0, fromResidual),
  block: blockRule(longest, (weight) => weight),
  'block, a break at the first failure': blockRule(upToFirstFailure, (weight) => weight),
  'block, the residual without the weight': blockRule(longest, () => 1),
} satisfies Record<string, CoinRule>;

/** A timeline that, when it drops tokens, drops one less (`by` = 1) or one more (`by` = -1) than its length says. */
export function rewoundOff(target: Sequence, by: 1 | -1): Sequence {
  let length = target.length;
  return {
    get length() {
      return length;
    },
    capacity: target.capacity,
    async evaluate(tokens, rows, read) {
      const result = await target.evaluate(tokens, rows, read);
      length += tokens.length;
      return result;
    },
    rewind(to) {
      const drop = length - to;
      length = to;
      if (drop > 0) target.rewind(target.length - drop + by);
    },
    close: () => target.close(),
  };
}

/** A sampler that knows how long its history is after a rewind, but goes on looking at what it should have dropped. */
export function neverRewound(sampler: Sampler): Sampler {
  let length = sampler.length;
  return {
    get length() {
      return length;
    },
    law: (row) => sampler.law(row),
    push(token) {
      sampler.push(token);
      length += 1;
    },
    rewind(to) {
      length = to;
    },
  };
}

/** Drops what the policy doubts after the tokens were drawn and seen, under every rule (algorithms.md 2.3). */
export function cutAfterSeeing(drafter: Drafter): Drafter {
  return {
    name: drafter.name,
    async propose(request: DraftRequest) {
      const { tokens, confidences, laws } = await drafter.propose(request);
      // A drafter has no business with this part of the plan, which is why its type does not show it.
      const kept = (request.length as RoundLength).keep(confidences);
      const head = { tokens: tokens.slice(0, kept), confidences: confidences.slice(0, kept) };
      return laws === undefined ? head : { ...head, laws: laws.slice(0, kept) };
    },
    observe: (outcome) => drafter.observe(outcome),
    close: () => drafter.close(),
  };
}

/** Noise that belongs to the n-th draw, whoever draws, and not to the position that is drawn for. */
export function noiseByDrawCount(noise: Noise): Noise {
  let draws = 0;
  let current = Number.NaN;
  const seen = new Set<Token>();
  return {
    exponential(position, token) {
      // A race asks once for each token: another position or the same token again is another race.
      if (position !== current || seen.has(token)) {
        draws += 1;
        seen.clear();
      }
      current = position;
      seen.add(token);
      return noise.exponential(draws, token);
    },
    uniform: (position, lane) => noise.uniform(position, lane),
  };
}
