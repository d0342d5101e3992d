/** From the repetitions of a workload to the figures of the report. */
import { StatisticsCounter } from '../speculative/index.js';
import { median, medianInterval, pairedRatios } from './interval.js';
import type { PlainRuns, PolicyRuns } from './result.js';
import type { WorkloadRun } from './workload-run.js';

/** The runs of one workload under one policy. */
export interface Repetitions {
  /** The first pass, before anything was learnt of this kind of text. */
  readonly cold: WorkloadRun;
  /** At least one. */
  readonly warm: readonly WorkloadRun[];
}

export function summarisePlain({ warm }: Repetitions): PlainRuns {
  const ms = warm.map((run) => run.ms);
  return {
    ms,
    tokensPerSecond: (1000 * tokensOf(warm[0]!)) / median(ms),
    firstTokenMs: warm.map((run) => run.firstTokenMs),
  };
}

/** Both sides ran in the same repetitions, so their times are paired. */
export function summarisePolicy(repetitions: Repetitions, plain: Repetitions): PolicyRuns {
  const { cold, warm } = repetitions;
  const runs = summarisePlain(repetitions);
  const speedups = pairedRatios(
    plain.warm.map(({ ms }) => ms),
    runs.ms,
  );
  const rounds = warm.flatMap((run) => run.rounds);
  const counter = new StatisticsCounter();
  for (const round of rounds) counter.add(round);
  const { drafted, acceptanceRate, blockEfficiency } = counter.statistics;
  return {
    ...runs,
    speedup: median(speedups),
    interval: medianInterval(speedups),
    cold: { ms: cold.ms, speedup: plain.cold.ms / cold.ms },
    tokensPerRound: blockEfficiency ?? 0,
    acceptanceRate,
    drafted,
    draftMs: rounds.reduce((sum, round) => sum + round.draftMs, 0),
    verifyMs: rounds.reduce((sum, round) => sum + round.verifyMs, 0),
    lengths: warm.at(-1)!.rounds.map(({ draft }) => draft.tokens.length),
  };
}

/** Generated tokens. */
export function tokensOf({ texts }: WorkloadRun): number {
  return texts.reduce((sum, { tokens }) => sum + tokens.length, 0);
}
