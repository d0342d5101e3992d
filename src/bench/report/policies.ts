import { geometricMean } from '../interval.js';
import type { BenchResult, BenchWorkload, PolicyRuns } from '../result.js';

/** What speculation does when nobody says anything: the policy of the page's first figures. */
export const HEADLINE = 'adaptive';

/** A policy over all workloads that it ran on. */
export interface PolicySummary {
  readonly name: string;
  readonly workloads: number;
  /** Of the speed-ups. */
  readonly geometricMean: number;
  readonly best: Place;
  readonly worst: Place;
  /** Workloads whose interval lies wholly above 1, and wholly below. */
  readonly faster: number;
  readonly slower: number;
}

export interface Place {
  readonly workload: string;
  readonly speedup: number;
}

/** Every policy that ran on some workload, as they first come. The order gives a policy its colour. */
export function policyNames({ workloads }: BenchResult): string[] {
  return [...new Set(workloads.flatMap(({ policies }) => Object.keys(policies)))];
}

export function summarise(result: BenchResult): PolicySummary[] {
  return policyNames(result).map((name) => {
    const runs = result.workloads.flatMap((workload) => {
      const policy = workload.policies[name];
      return policy === undefined ? [] : [{ workload: workload.name, speedup: policy.speedup, policy }];
    });
    const ascending = runs.toSorted((a, b) => a.speedup - b.speedup);
    const verdicts = runs.map(({ policy }) => verdictOf(policy.interval));
    return {
      name,
      workloads: runs.length,
      geometricMean: geometricMean(runs.map(({ speedup }) => speedup)),
      best: ascending.at(-1)!,
      worst: ascending[0]!,
      faster: verdicts.filter((verdict) => verdict === 'faster').length,
      slower: verdicts.filter((verdict) => verdict === 'slower').length,
    };
  });
}

/** What an interval of ratios says: nothing where it holds 1. */
export function verdictOf([low, high]: readonly [number, number]): 'faster' | 'slower' | 'even' {
  if (low > 1) return 'faster';
  return high < 1 ? 'slower' : 'even';
}

/** Shares of the oracle: what adaptive was measured to reach, and what the policy reaches by itself where that is known. */
export function oracleShares({ workloads }: BenchResult): { readonly measured: number[]; readonly byItself: number[] } {
  const oracles = workloads.flatMap(({ oracle }) => oracle ?? []);
  return {
    measured: oracles.map(({ share }) => share),
    byItself: oracles.flatMap(({ policy, oracle }) => (policy === undefined ? [] : [policy / oracle])),
  };
}

/** The policies that ran on a workload, in the report's order, with the place that gives each its colour. */
export function policiesOf(
  workload: BenchWorkload,
  names: readonly string[],
): { readonly name: string; readonly place: number; readonly runs: PolicyRuns }[] {
  return names.flatMap((name, place) => {
    const runs = workload.policies[name];
    return runs === undefined ? [] : [{ name, place, runs }];
  });
}
