/**
 * The bench in one process: every policy takes its turn on every workload, again and again, so that whatever else the
 * machine does hits all of them. The first pass is cold and counted apart; warm repetitions follow, each over all
 * workloads before the next begins, and in each another policy comes first.
 */
import type { Engine } from '../engine/index.js';
import { calibrationCurves } from './calibration.js';
import { costTables, type MeasuredCosts, measuredCosts } from './costs.js';
import { foresee } from './foresight.js';
import { median } from './interval.js';
import { runPeer } from './peer-runs.js';
import type { Peer } from './peers/peer.js';
import { ADAPTIVE, applies, PLAIN, type Policy } from './policies.js';
import type { BenchResult, BenchWorkload } from './result.js';
import { runWorkload, type WorkloadRun } from './workload-run.js';
import { nameOf, summariseWorkload, type WorkloadRuns, warmRounds } from './workload-runs.js';
import { tokensOfEach, type Workload } from './workloads.js';

export interface BenchPlan {
  readonly workloads: readonly Workload[];
  /** Beside `plain`, which always runs. */
  readonly policies: readonly Policy[];
  /** Of each workload's answers together. */
  readonly tokens: number;
  /** Warm ones. */
  readonly repetitions: number;
  /** No repetition but the first begins that would not be over by then, in milliseconds from the start. */
  readonly enoughMs: number;
  /** Milliseconds of draft model for the oracle of each workload. */
  readonly oracleMs: number;
  /** Of the sampled workloads, the same in every repetition: all policies that match write the same text. */
  readonly seed: number;
}

export interface BenchParts {
  /** Loads the target with its drafts, or with a hopeless one in their place. The bench closes it. */
  readonly openEngine: (drafts: 'own' | 'hopeless') => Promise<Engine>;
  /**
   * Starts other programs, beside the engine of the true drafts. They take their turns on its workloads, `mix` aside, if
   * `adaptive` runs, which they are compared with. The bench closes them.
   */
  readonly openPeers: (engine: Engine) => Promise<readonly Peer[]>;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  readonly onStep: (step: BenchStep) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What is about to happen, and how far things are. */
export interface BenchStep {
  readonly workload: string;
  readonly contender: string;
  readonly pass: 'cold' | 'warm' | 'oracle';
  /** Share of the work that is done. */
  readonly done: number;
}

export type Findings = Pick<BenchResult, 'costs' | 'workloads' | 'calibration'> & { readonly repetitions: number };

/**
 * Runs the plan: first the workloads of the true drafts, then, on an engine of its own, the hopeless one.
 * @throws OutriderError whatever a request ends with, `aborted` for the signal
 */
export async function runBench(plan: BenchPlan, parts: BenchParts): Promise<Findings> {
  const run = new BenchRun(plan, parts);
  for (const drafts of ['own', 'hopeless'] as const) {
    const workloads = plan.workloads.filter(({ draft }) => (draft === 'hopeless') === (drafts === 'hopeless'));
    if (workloads.length > 0) await run.runAll(drafts, workloads);
  }
  return run.findings();
}

/** One contender's turn on a workload. */
interface Turn {
  readonly contender: string;
  take(): Promise<unknown>;
}

class BenchRun {
  readonly #plan: BenchPlan;
  readonly #parts: BenchParts;
  readonly #began: number;
  readonly #workloads: BenchWorkload[] = [];
  readonly #adaptive: WorkloadRun[] = [];
  #peers: readonly Peer[] = [];
  #costs: MeasuredCosts | undefined;
  #repetitions = Number.POSITIVE_INFINITY;
  /** Workloads whose passes are over, and turns that were taken. */
  #finished = 0;
  #turns = 0;

  constructor(plan: BenchPlan, parts: BenchParts) {
    this.#plan = { ...plan, policies: [PLAIN, ...plan.policies] };
    this.#parts = parts;
    this.#began = parts.now();
  }

  async runAll(drafts: 'own' | 'hopeless', workloads: readonly Workload[]): Promise<void> {
    const { openEngine, openPeers } = this.#parts;
    const engine = await openEngine(drafts);
    try {
      this.#peers = drafts === 'own' ? await openPeers(engine) : [];
      const all = workloads.map((workload) => this.#runsOf(workload));
      const end = this.#plan.enoughMs * ((this.#finished + all.length) / this.#plan.workloads.length);
      let lastMs = await this.#pass(engine, all, 0);
      let repetition = 0;
      do lastMs = await this.#pass(engine, all, ++repetition);
      while (repetition < this.#plan.repetitions && this.#elapsed() + lastMs <= end);
      this.#repetitions = Math.min(this.#repetitions, repetition);
      this.#finished += all.length;
      const costs = measuredCosts(engine, all.flatMap(warmRounds));
      this.#costs ??= costs;
      for (const runs of all) this.#workloads.push(await this.#summarise(engine, runs, costs));
    } finally {
      for (const peer of this.#peers) await peer.close();
      await engine.close();
    }
  }

  findings(): Findings {
    return {
      costs: costTables(this.#costs!),
      workloads: this.#workloads,
      calibration: calibrationCurves(this.#adaptive.flatMap(({ rounds }) => rounds)),
      repetitions: this.#repetitions,
    };
  }

  /** Every contender once on every workload; the one that comes first moves on from pass to pass. Milliseconds. */
  async #pass(engine: Engine, all: readonly WorkloadRuns[], pass: number): Promise<number> {
    const began = this.#elapsed();
    for (const runs of all) {
      const turns = this.#turnsOf(engine, runs);
      const first = pass % turns.length;
      for (const { contender, take } of [...turns.slice(first), ...turns.slice(0, first)]) {
        this.#report(runs.workload, contender, pass === 0 ? 'cold' : 'warm');
        await take();
        this.#turns += 1;
      }
    }
    return this.#elapsed() - began;
  }

  #turnsOf(engine: Engine, { workload, policies, peers }: WorkloadRuns): Turn[] {
    const { tokens, seed } = this.#plan;
    const { now, signal } = this.#parts;
    const { temperature } = workload;
    const prompts = workload.prompts.map((prompt) => engine.tokenize(prompt).tokens);
    const request = { prompts, temperature, seed, tokens: tokensOfEach(workload, tokens) };
    const others = [...peers].map(([peer, runs]) => ({
      contender: nameOf(peer),
      take: async () => runs.push(await runPeer({ peer, ...request })),
    }));
    const ours = [...policies].map(([policy, runs]) => ({
      contender: policy.name,
      take: async () => runs.push(await runWorkload({ engine, workload, policy, tokens, seed, now, signal })),
    }));
    return [...ours, ...others];
  }

  async #summarise(engine: Engine, runs: WorkloadRuns, costs: MeasuredCosts): Promise<BenchWorkload> {
    const summary = summariseWorkload(runs);
    const adaptive = runs.policies.get(ADAPTIVE)?.slice(1) ?? [];
    this.#adaptive.push(...adaptive);
    const last = adaptive.at(-1);
    if (last === undefined) return { ...summary, oracle: undefined };
    const { workload } = runs;
    this.#report(workload, 'foresight', 'oracle');
    const oracle = await foresee({
      engine,
      workload,
      texts: last.texts,
      seed: this.#plan.seed,
      costs,
      budgetMs: this.#plan.oracleMs,
      promptMs: median(summary.plain.firstTokenMs),
      speedup: summary.policies[ADAPTIVE.name]!.speedup,
      signal: this.#parts.signal,
    });
    return { ...summary, oracle };
  }

  #runsOf(workload: Workload): WorkloadRuns {
    const policies = this.#plan.policies.filter((policy) => applies(policy, workload.temperature));
    const comparable = workload.draft === 'own' && policies.includes(ADAPTIVE);
    return {
      workload,
      policies: new Map(policies.map((policy) => [policy, []])),
      peers: new Map((comparable ? this.#peers : []).map((peer) => [peer, []])),
    };
  }

  #elapsed(): number {
    return this.#parts.now() - this.#began;
  }

  #report({ name }: Workload, contender: string, pass: BenchStep['pass']): void {
    const { workloads, policies, repetitions, enoughMs } = this.#plan;
    const turns = workloads.length * (policies.length + this.#peers.length) * (1 + repetitions);
    const done = Math.min(1, Math.max(this.#turns / turns, this.#elapsed() / enoughMs));
    this.#parts.onStep({ workload: name, contender, pass, done });
  }
}
