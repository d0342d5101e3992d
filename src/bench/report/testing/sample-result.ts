import type { BenchResult, BenchWorkload, PolicyRuns } from '../../result.js';

/** Speed-ups by policy: adaptive, fixed3, fixed8, llama; and the oracle's. */
const SPEEDUPS: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  counting: [2.71, 1.92, 2.44, 1.95, 2.93],
  json: [1.98, 1.61, 1.72, 1.58, 2.21],
  list: [1.71, 1.52, 1.49, 1.5, 1.94],
  code: [1.62, 1.45, 1.21, 1.41, 1.84],
  copying: [3.15, 1.88, 2.51, 1.86, 3.42],
  renaming: [2.45, 1.74, 2.02, 1.71, 2.78],
  question: [1.31, 1.22, 0.93, 1.18, 1.45],
  chat: [1.18, 1.09, 0.78, 1.05, 1.33],
  'prose 0': [1.14, 1.05, 0.74, 1.02, 1.29],
  'prose 0.8': [1.08, 0.94, 0.63, 0.91, 1.2],
  'prose 1': [1.03, 0.88, 0.55, 0.85, 1.14],
  hopeless: [0.99, 0.61, 0.34, 0.62, 1],
};
const POLICIES = ['adaptive', 'fixed3', 'fixed8', 'llama'];

/** A result as a bench makes it, with every optional part. The figures are made up. */
export function sampleResult(): BenchResult {
  return {
    machine: {
      processor: 'Example CPU @ 2.50GHz',
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
      node: '20.20.0',
      outrider: '0.1.0',
      llama: 'v0.5.0',
      system: 'CPU : SSE3 = 1 | AVX2 = 1 | FMA = 1 | OPENMP = 1 |',
      threads: { target: 2, draft: 1 },
    },
    date: '2026-11-25T07:45:00.000Z',
    end: 'complete',
    models: {
      target: { name: 'target-q8_0', parameters: 14.2e6, bytes: 15.4e6, description: 'llama, Q8_0' },
      drafts: [{ name: 'draft-q8_0', parameters: 1.1e6, bytes: 1.3e6, description: 'llama, Q8_0' }],
    },
    settings: { tokens: 256, repetitions: 7, strict: false },
    costs: {
      target: [1, 2, 3, 4, 6, 8, 12, 17].map((rows) => ({ rows, ms: 1.1 + 0.16 * rows })),
      drafts: { 'draft-q8_0': [1, 2, 4, 8].map((rows) => ({ rows, ms: 0.09 + 0.02 * rows })) },
    },
    workloads: Object.keys(SPEEDUPS).map(workload),
    calibration: [
      { drafter: 'model', bins: [0.15, 0.35, 0.55, 0.75, 0.95].map((x, i) => bin(x, x ** 1.3, 40 + 90 * i)) },
      { drafter: 'lookup', bins: [0.3, 0.6, 0.9].map((x, i) => bin(x, x + 0.05, 30 + 50 * i)) },
    ],
  };
}

function workload(name: string): BenchWorkload {
  const [adaptive, fixed3, fixed8, llama, oracle] = SPEEDUPS[name]!;
  const speedups = [adaptive, fixed3, fixed8, llama];
  const plainMs = [351, 348, 355, 349, 352, 350, 347];
  return {
    name,
    temperature: Number(name.match(/[\d.]+$/)?.[0] ?? 0),
    promptTokens: 40 + 7 * name.length,
    plain: { ms: plainMs, firstTokenMs: plainMs.map((ms) => ms / 60), tokensPerSecond: 731 },
    policies: Object.fromEntries(POLICIES.map((policy, i) => [policy, runs(policy, speedups[i]!, plainMs)])),
    peers: {
      'llama-server draft-max 16': {
        ms: plainMs,
        tokensPerSecond: 640,
        speedup: 1.4,
        against: adaptive / 1.3,
        againstInterval: [adaptive / 1.35, adaptive / 1.25],
        drafted: 410,
        accepted: 130,
      },
    },
    oracle: {
      oracle,
      clairvoyant: oracle * 1.12,
      policy: name === 'hopeless' ? undefined : oracle * 0.96,
      share: adaptive / oracle,
      acceptance: { lookup: 0.2, tiny: 0.9 },
    },
  };
}

function runs(policy: string, speedup: number, plainMs: readonly number[]): PolicyRuns {
  return {
    ms: plainMs.map((ms) => ms / speedup),
    firstTokenMs: plainMs.map((ms) => ms / 55),
    tokensPerSecond: 731 * speedup,
    speedup,
    interval: [speedup * 0.965, speedup * 1.03],
    cold: { ms: 370 / speedup, speedup: speedup * 0.93 },
    tokensPerRound: 1 + speedup,
    acceptanceRate: Math.min(1, speedup / 3.3),
    drafted: Math.round(900 * speedup),
    draftMs: 61.3,
    verifyMs: 201.7,
    lengths: Array.from({ length: Math.round(256 / (1 + speedup)) }, (_, round) => lengthOf(policy, speedup, round)),
  };
}

function lengthOf(policy: string, speedup: number, round: number): number {
  if (policy === 'adaptive') return Math.max(0, Math.round(3 * (speedup - 1) * (1 + Math.sin(round / 5))));
  return policy === 'fixed8' ? 8 : 3;
}

function bin(confidence: number, accepted: number, count: number) {
  return { confidence, accepted, count };
}
