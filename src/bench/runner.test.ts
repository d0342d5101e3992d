import { describe, expect, test } from 'vitest';
import { fakeEngine } from '../engine/testing/engine.js';
import type { Peer } from './peers/peer.js';
import { ADAPTIVE, POLICIES } from './policies.js';
import { type BenchPlan, type BenchStep, runBench } from './runner.js';
import type { Workload } from './workloads.js';

const LONG = { endBias: -30 };
const prompts = [{ text: 'once upon' }];
const WORKLOADS: readonly Workload[] = [
  { name: 'bad', temperature: 0, prompts, draft: 'hopeless' },
  { name: 'good', temperature: 0, prompts, draft: 'own' },
  { name: 'mixed', temperature: 0.8, prompts: [...prompts, ...prompts], draft: 'garbled' },
];
const PLAN: BenchPlan = {
  workloads: WORKLOADS,
  policies: POLICIES.filter(({ name }) => ['adaptive', 'fixed3'].includes(name)),
  tokens: 120,
  repetitions: 2,
  enoughMs: Number.POSITIVE_INFINITY,
  oracleMs: 10_000,
  seed: 7,
};

async function bench(plan: Partial<BenchPlan> = {}, peers: readonly Peer[] = [], signal?: AbortSignal) {
  const steps: BenchStep[] = [];
  const opened: string[] = [];
  const findings = await runBench(
    { ...PLAN, ...plan },
    {
      openEngine: async (drafts) => {
        opened.push(drafts);
        const drift = drafts === 'own' ? 0.1 : 1;
        return (await fakeEngine({ target: LONG, draft: { ...LONG, drift } })).engine;
      },
      openPeers: async () => peers,
      now: () => performance.now(),
      onStep: (step) => steps.push(step),
      signal,
    },
  );
  return { findings, steps, opened };
}

describe('the bench', () => {
  test('runs every policy on every workload, cold and then warm, the hopeless draft last on its own engine', async () => {
    const { findings, opened } = await bench();
    expect(opened).toEqual(['own', 'hopeless']);
    expect(findings.repetitions).toBe(2);
    expect(findings.workloads.map(({ name }) => name)).toEqual(['good', 'mixed', 'bad']);
    for (const { plain, policies } of findings.workloads) {
      expect(plain.ms).toHaveLength(2);
      expect(Object.keys(policies)).toEqual(['adaptive', 'fixed3']);
      for (const { ms, speedup, interval } of Object.values(policies)) {
        expect(ms).toHaveLength(2);
        expect(interval[0]).toBeLessThanOrEqual(speedup);
        expect(interval[1]).toBeGreaterThanOrEqual(speedup);
      }
    }
    // What another draft than the loaded one drafted is not replayed.
    expect(findings.workloads.map(({ oracle }) => typeof oracle!.policy)).toEqual(['number', 'undefined', 'undefined']);
    const accepted = findings.workloads.map(({ policies }) => policies.fixed3!.acceptanceRate!);
    expect(accepted[0]).toBeGreaterThan(accepted[1]!);
    expect(accepted[1]).toBeGreaterThan(accepted[2]!);
    expect(findings.workloads[1]!.promptTokens).toBe(2 * findings.workloads[0]!.promptTokens);
  });

  test('foresees what its drafters could have done, and tables the costs', async () => {
    const { findings } = await bench({ workloads: [WORKLOADS[1]!] });
    const [{ oracle, policies }] = findings.workloads as [(typeof findings.workloads)[0]];
    expect(oracle!.oracle).toBeGreaterThanOrEqual(1);
    expect(oracle!.share).toBeCloseTo(policies.adaptive!.speedup / oracle!.oracle);
    expect(findings.costs.target).toHaveLength(17);
    expect(Object.keys(findings.costs.drafts)).toEqual(['draft1']);
    const judged = findings.calibration.flatMap(({ bins }) => bins).reduce((sum, { count }) => sum + count, 0);
    expect(judged > 0).toBe(policies.adaptive!.drafted > 0);
  });

  test('begins each pass with another policy', async () => {
    const { steps } = await bench({ workloads: [WORKLOADS[1]!] });
    const turns = steps.filter(({ pass }) => pass !== 'oracle').map(({ contender }) => contender);
    expect(turns.slice(0, 6)).toEqual(['plain', 'adaptive', 'fixed3', 'adaptive', 'fixed3', 'plain']);
    expect(steps.map(({ done }) => done)).toEqual(steps.map(({ done }) => done).toSorted((a, b) => a - b));
    expect(steps.at(-1)).toMatchObject({ pass: 'oracle', done: 1 });
  });

  test('gives other programs their turns where the true models draft', async () => {
    const asleep = new Set<string>();
    const closed: string[] = [];
    const peer = (setting: string, ms: number): Peer => ({
      name: 'other',
      setting,
      system: '',
      generate: async ({ tokens }) => {
        expect(asleep).not.toContain(setting);
        return { ms, tokens, drafted: 2, accepted: 1 };
      },
      pause: () => asleep.add(setting),
      resume: () => asleep.delete(setting),
      close: async () => void closed.push(setting),
    });
    const { findings, steps } = await bench({ workloads: WORKLOADS }, [peer('plain', 300), peer('default', 200)]);
    const [good, mixed] = findings.workloads;
    expect(mixed!.peers).toEqual({});
    expect(closed).toEqual(['plain', 'default']);
    expect(Object.keys(good!.peers)).toEqual(['other plain', 'other default']);
    expect(good!.peers['other plain']!.speedup).toBeUndefined();
    expect(good!.peers['other default']).toMatchObject({ ms: [200, 200], speedup: 1.5, drafted: 4, accepted: 2 });
    expect(good!.peers['other default']!.against).toBeGreaterThan(0);
    expect(steps.map(({ contender }) => contender)).toContain('other default');
  });

  test('runs once where there is no time for more', async () => {
    const { findings } = await bench({ repetitions: 50, enoughMs: 0, policies: [ADAPTIVE] });
    expect(findings.repetitions).toBe(1);
  });

  test('knows no oracle without the policy that it is for', async () => {
    const { findings } = await bench({
      workloads: [WORKLOADS[1]!],
      policies: POLICIES.filter(({ name }) => name === 'fixed8'),
    });
    expect(findings.workloads[0]!.oracle).toBeUndefined();
  });

  test('ends when it is told to', async () => {
    await expect(bench({}, [], AbortSignal.abort())).rejects.toThrow();
  });
});
