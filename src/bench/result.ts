import type { CostPoint } from '../speculative/index.js';

/** What `outrider bench` found, as `--json` prints it. Times in milliseconds, speeds in tokens a second. */
export interface BenchResult {
  readonly machine: BenchMachine;
  /** ISO 8601. */
  readonly date: string;
  /** `interrupted`: by a signal. It has what was whole by then: repetitions, workloads, oracles. */
  readonly end: 'complete' | 'interrupted';
  readonly models: { readonly target: BenchModel; readonly drafts: readonly BenchModel[] };
  readonly settings: BenchSettings;
  /** Measured while the workloads ran: T(n) of the target, and a forward of each draft, by rows. */
  readonly costs: {
    readonly target: readonly CostPoint[];
    readonly drafts: Readonly<Record<string, readonly CostPoint[]>>;
  };
  readonly workloads: readonly BenchWorkload[];
  /** Confidence against acceptance over all workloads, by drafter. */
  readonly calibration: readonly CalibrationCurve[];
  /** With `--guards`. */
  readonly guards?: GuardsResult;
}

/** What speculation costs where it is no use (guards.ts). */
export interface GuardsResult {
  readonly off: HopelessCount;
  readonly firstToken: readonly FirstTokenDelay[];
}

/** A text whose draft is hopeless, from a cold start. */
export interface HopelessCount {
  readonly tokens: number;
  readonly elapsedMs: number;
  /** Tokens that the draft model drafted, and batches of probes. */
  readonly forwards: number;
  readonly probes: number;
  readonly draftMs: number;
}

/** The time to the first token with a draft loaded, over that without one. */
export interface FirstTokenDelay {
  readonly promptTokens: number;
  readonly withDraftMs: number;
  readonly withoutMs: number;
  readonly ratio: number;
  readonly interval: readonly [number, number];
}

export interface BenchMachine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly outrider: string;
  readonly llama: string;
  /** llama_print_system_info. */
  readonly system: string;
  readonly threads: { readonly target: number; readonly draft: number | undefined };
}

export interface BenchModel {
  readonly name: string;
  readonly parameters: number;
  readonly bytes: number;
  readonly description: string;
}

export interface BenchSettings {
  /** Tokens of each answer. */
  readonly tokens: number;
  /** Interleaved repetitions, warm. */
  readonly repetitions: number;
  readonly strict: boolean;
}

/** A workload; beside `plain` each policy that ran has an entry under its own name. */
export interface BenchWorkload {
  readonly name: string;
  readonly temperature: number;
  readonly promptTokens: number;
  readonly plain: PlainRuns;
  readonly policies: Readonly<Record<string, PolicyRuns>>;
  /** Other programs on the same prompts, `llama-server` and `node-llama-cpp`, by setting. */
  readonly peers: Readonly<Record<string, PeerRuns>>;
  /** What perfect foresight could do with these drafters (see oracle.ts). */
  readonly oracle: OracleResult | undefined;
}

export interface Runs {
  /** From the request to its last token, of each repetition. */
  readonly ms: readonly number[];
  readonly tokensPerSecond: number;
}

export interface PlainRuns extends Runs {
  /** From the request to the first token, of each repetition. */
  readonly firstTokenMs: readonly number[];
}

export interface PolicyRuns extends PlainRuns {
  /** Plain time over this policy's: the median over repetitions, paired, and its 95 % interval (interval.ts). */
  readonly speedup: number;
  readonly interval: readonly [number, number];
  /** The first pass over the workloads, which the medians leave out: at its beginning nothing was learnt. */
  readonly cold: { readonly ms: number; readonly speedup: number };
  /** Tokens a target pass, and what became of the drafts, over all repetitions. */
  readonly tokensPerRound: number;
  readonly acceptanceRate: number | null;
  readonly drafted: number;
  readonly draftMs: number;
  readonly verifyMs: number;
  /** Drafted tokens of each round of the last repetition: the length over time. */
  readonly lengths: readonly number[];
}

/** Another program's runs; `speedup` is against its own plain decoding, `against` is our adaptive speed over its. */
export interface PeerRuns extends Runs {
  readonly speedup: number | undefined;
  readonly against: number;
  readonly againstInterval: readonly [number, number];
  readonly drafted: number;
  readonly accepted: number;
}

export interface OracleResult {
  /** Speed-up of the exact dynamic programme that knows every acceptance probability, not the outcomes. */
  readonly oracle: number;
  /** Speed-up of one that knows the outcomes too. */
  readonly clairvoyant: number;
  /**
   * Speed-up of the engine's own policy where every pass takes exactly what was measured: over the oracle's it is what the
   * policy loses by itself, the rest of the share is the machine's. Only with one draft model that drafts as it is.
   */
  readonly policy: number | undefined;
  /** Adaptive's speed-up over the oracle's. */
  readonly share: number;
  /** By drafter: the share of the positions of the text at which its first token is the text's. */
  readonly acceptance: Readonly<Record<string, number>>;
}

export interface CalibrationCurve {
  readonly drafter: string;
  /** Bins of confidence, ascending: mean confidence, share accepted, tokens. */
  readonly bins: readonly { readonly confidence: number; readonly accepted: number; readonly count: number }[];
}
