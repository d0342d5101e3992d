/**
 * The bench in one process: every policy takes its turn on every workload, again and again, so that whatever else the
 * machine does hits all of them. The first pass is cold and counted apart; warm repetitions follow, each over all
 * workloads before the next begins, and in each another policy comes first.
 */
import type { Engine } from '../engine/index.js';
import { calibrationCurves } from './calibration.js';
import { costTables, type MeasuredCosts, measuredCosts } from './costs.js';
import { foresee, type Hindsight } from './foresight.js';
import { median } from './interval.js';
import { runPeer } from './peer-runs.js';
import type { Peer } from './peers/peer.js';
import { ADAPTIVE, applies, PLAIN, type Policy } from './policies.js';
import type { BenchResult, BenchWorkload } from './result.js';
import { untilAborted } from './until-aborted.js';
import { runWorkload, type WorkloadRun } from './workload-run.js';
import { contendingPeers, nameOf, summariseWorkload, type WorkloadRuns, warmRounds } from './workload-runs.js';
import { tokensOfEach, type Workload } from './workloads.js';

/** Of a peer's answers in the cold pass, which is not counted: another program learns nothing that takes more. */
const PEER_COLD_TOKENS = 16;

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

export type Findings = Pick<BenchResult, 'end' | 'costs' | 'workloads' | 'calibration'> & {
  readonly repetitions: number;
};

/**
 * Runs the plan: first the workloads of the true drafts, then, on an engine of its own, the hopeless one. The signal cuts
 * off what is running; what was whole by then is found.
 * @throws OutriderError whatever a request ends with; where no repetition was whole, for the signal too
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
  /** Resolves to how its run is kept: runs count from the end of the whole pass on. */
  take(): Promise<() => void>;
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

  /** Where something was found already, the signal ends it without an error. */
  async runAll(drafts: 'own' | 'hopeless', workloads: readonly Workload[]): Promise<void> {
    const run = () => this.#runAll(drafts, workloads);
    await (this.#workloads.length === 0 ? run() : untilAborted(this.#parts.signal, run));
  }

  async #runAll(drafts: 'own' | 'hopeless', workloads: readonly Workload[]): Promise<void> {
    const { openEngine, openPeers, signal } = this.#parts;
    signal?.throwIfAborted();
    const engine = await openEngine(drafts);
    try {
      this.#peers = drafts === 'own' ? await openPeers(engine) : [];
      const all = workloads.map((workload) => this.#runsOf(workload));
      const end = this.#plan.enoughMs * ((this.#finished + all.length) / this.#plan.workloads.length);
      await this.#pass(engine, all, 0);
      let lastMs: number | undefined = await this.#pass(engine, all, 1);
      let repetitions = 1;
      while (repetitions < this.#plan.repetitions && this.#elapsed() + lastMs <= end) {
        lastMs = await untilAborted(signal, () => this.#pass(engine, all, repetitions + 1));
        if (lastMs === undefined) break;
        repetitions += 1;
      }
      this.#repetitions = Math.min(this.#repetitions, repetitions);
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
      end: this.#parts.signal?.aborted ? 'interrupted' : 'complete',
      costs: costTables(this.#costs!),
      workloads: this.#workloads,
      calibration: calibrationCurves(this.#adaptive.flatMap(({ rounds }) => rounds)),
      repetitions: this.#repetitions,
    };
  }

  /**
   * Every contender once on every workload; the one that comes first moves on from pass to pass. Milliseconds.
   * A pass that fails leaves no run behind: of all policies there are equally many.
   */
  async #pass(engine: Engine, all: readonly WorkloadRuns[], pass: number): Promise<number> {
    const began = this.#elapsed();
    const taken: (() => void)[] = [];
    for (const runs of all) {
      const turns = this.#turnsOf(engine, runs, pass);
      const first = pass % turns.length;
      for (const { contender, take } of [...turns.slice(first), ...turns.slice(0, first)]) {
        this.#report(runs.workload, contender, pass === 0 ? 'cold' : 'warm');
        taken.push(await take());
        this.#turns += 1;
      }
    }
    for (const keep of taken) keep();
    return this.#elapsed() - began;
  }

  #turnsOf(engine: Engine, { workload, policies, peers }: WorkloadRuns, pass: number): Turn[] {
    const { tokens, seed } = this.#plan;
    const { now, signal } = this.#parts;
    const { temperature } = workload;
    const prompts = workload.prompts.map((prompt) => engine.tokenize(prompt).tokens);
    const each = tokensOfEach(workload, tokens);
    const request = { prompts, temperature, seed, tokens: pass === 0 ? Math.min(PEER_COLD_TOKENS, each) : each };
    const others = contendingPeers(peers).map(([peer, runs]) => ({
      contender: nameOf(peer),
      take: async () => keeping(runs, await runPeer({ peer, ...request, signal })),
    }));
    const ours = [...policies].map(([policy, runs]) => ({
      contender: policy.name,
      take: async () => keeping(runs, await runWorkload({ engine, workload, policy, tokens, seed, now, signal })),
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
    const { signal } = this.#parts;
    if (signal?.aborted) return { ...summary, oracle: undefined };
    this.#report(workload, 'foresight', 'oracle');
    const hindsight: Hindsight = {
      engine,
      workload,
      texts: last.texts,
      seed: this.#plan.seed,
      costs,
      budgetMs: this.#plan.oracleMs,
      promptMs: median(summary.plain.firstTokenMs),
      speedup: summary.policies[ADAPTIVE.name]!.speedup,
      signal,
    };
    return { ...summary, oracle: await untilAborted(signal, () => foresee(hindsight)) };
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

function keeping<T>(runs: T[], run: T): () => void {
  return () => void runs.push(run);
}
