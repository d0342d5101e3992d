/**
 * What perfect foresight could make of the same drafters on the same text: the least expected time over all ways to
 * choose drafter and length in each round, by an exact dynamic programme from the end of the text. Nobody drafts behind
 * another's draft here, so a cascade may come out slightly above it.
 */
import { isotonic, type Observation } from './isotonic.js';
import type { OracleResult } from './result.js';

/** A drafter's longest proposal at one position of the final text. */
export interface TracedDraft {
  readonly drafter: string;
  readonly confidences: readonly number[];
  /** How many of its first tokens are those of the text. */
  readonly matched: number;
}

/** A text, and at each of its positions what the drafters propose there. */
export interface Trace {
  /** Tokens of the context before the generated ones. */
  readonly promptTokens: number;
  /** By the number of generated tokens before it; the first token comes from the prompt's pass and has none. */
  readonly drafts: readonly (readonly TracedDraft[])[];
}

/** Milliseconds, at a depth of the context. */
export interface TraceCosts {
  /** T(n): a pass of the target of so many rows. */
  target(rows: number, depth: number): number;
  /** A token of a drafter. */
  draft(drafter: string, depth: number): number;
}

/** The probability that the i-th token of a draft is accepted, those before it being so. */
type Belief = (draft: TracedDraft, i: number) => number;

/**
 * The least expected milliseconds from the first token to the last:
 * V(p) = min over drafts and k of k td + T(k + 1) + sum over j of P(j accepted) V(p + j + 1).
 */
export function leastTime({ promptTokens, drafts }: Trace, costs: TraceCosts, belief: Belief): number {
  const end = drafts.length;
  const left = new Float64Array(end + 1);
  for (let position = end - 1; position >= 1; position--) {
    const depth = promptTokens + position;
    let least = costs.target(1, depth) + left[position + 1]!;
    for (const draft of drafts[position]!) {
      const tokenMs = costs.draft(draft.drafter, depth);
      // Of the text at least one token stays for the target to say.
      const longest = Math.min(draft.confidences.length, end - position - 1);
      let survival = 1;
      let afterRejection = 0;
      for (let k = 1; k <= longest; k++) {
        const acceptance = belief(draft, k - 1);
        afterRejection += survival * (1 - acceptance) * left[position + k]!;
        survival *= acceptance;
        const verified = k * tokenMs + costs.target(k + 1, depth);
        least = Math.min(least, verified + afterRejection + survival * left[position + k + 1]!);
      }
    }
    left[position] = least;
  }
  return end > 0 ? left[1]! : 0;
}

/** One token at a time, in the same units. */
export function plainTime({ promptTokens, drafts }: Trace, costs: TraceCosts): number {
  return drafts.slice(1).reduce((sum, _, i) => sum + costs.target(1, promptTokens + i + 1), 0);
}

export interface OracleInput {
  /** One for each request of the workload. */
  readonly traces: readonly Trace[];
  readonly costs: TraceCosts;
  /** What nobody can save: the prompts' passes, milliseconds. */
  readonly promptMs: number;
  /** What the adaptive policy reached. */
  readonly speedup: number;
}

/**
 * The speed-up of the whole workload, prompts included, for one who knows how likely each drafted token is (the offline
 * isotonic calibration of the recorded confidences) and for one who knows what comes.
 */
export function oracleOf({ traces, costs, promptMs, speedup }: OracleInput): Omit<OracleResult, 'policy'> {
  const calibrated = calibrate(traces.flatMap(({ drafts }) => drafts.flat()));
  const total = (of: (trace: Trace) => number): number => traces.reduce((sum, trace) => sum + of(trace), promptMs);
  const plain = total((trace) => plainTime(trace, costs));
  const oracle = plain / total((trace) => leastTime(trace, costs, calibrated));
  const outcome: Belief = (draft, i) => Number(i < draft.matched);
  const clairvoyant = plain / total((trace) => leastTime(trace, costs, outcome));
  return { oracle, clairvoyant, share: speedup / oracle, acceptance: firstTokenAcceptance(traces) };
}

function firstTokenAcceptance(traces: readonly Trace[]): Record<string, number> {
  const drafts = traces.flatMap((trace) => trace.drafts.flat());
  const share = (own: readonly TracedDraft[]): number => own.filter(({ matched }) => matched > 0).length / own.length;
  return Object.fromEntries(
    namesOf(drafts).map((name) => [name, share(drafts.filter(({ drafter }) => drafter === name))]),
  );
}

function namesOf(drafts: readonly TracedDraft[]): string[] {
  return [...new Set(drafts.map(({ drafter }) => drafter))];
}

/** Acceptance by confidence for each drafter, from its judged tokens: those that match, and the first that does not. */
export function calibrate(drafts: readonly TracedDraft[]): Belief {
  const judged = (name: string): Observation[] =>
    drafts
      .filter(({ drafter }) => drafter === name)
      .flatMap(({ confidences, matched }) =>
        confidences.slice(0, matched + 1).map((x, i) => ({ x, y: Number(i < matched) })),
      );
  const curves = new Map(namesOf(drafts).map((name) => [name, isotonic(judged(name))]));
  return ({ drafter, confidences }, i) => curves.get(drafter)!(confidences[i]!);
}
