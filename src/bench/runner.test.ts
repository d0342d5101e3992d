import { describe, expect, test } from 'vitest';
import { fakeEngine } from '../engine/testing/engine.js';
import type { Peer } from './peers/peer.js';
import { ADAPTIVE, POLICIES } from './policies.js';
import { type BenchPlan, type BenchStep, type Findings, runBench } from './runner.js';
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

/** @param until what the step is at which it is interrupted */
async function bench(
  plan: Partial<BenchPlan> = {},
  peers: readonly Peer[] = [],
  until: (step: BenchStep) => boolean = () => false,
  interrupt = new AbortController(),
) {
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
      onStep: (step) => {
        steps.push(step);
        if (until(step)) interrupt.abort();
      },
      signal: interrupt.signal,
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
    const asked: string[] = [];
    const closed: string[] = [];
    const peer = (setting: string, ms: number): Peer => ({
      name: 'other',
      setting,
      system: '',
      generate: async ({ tokens }) => {
        expect(asleep).not.toContain(setting);
        asked.push(`${setting}: ${tokens}`);
        return { ms, tokens, drafted: 2, accepted: 1 };
      },
      pause: () => asleep.add(setting),
      resume: () => asleep.delete(setting),
      close: async () => void closed.push(setting),
    });
    const peers = [peer('plain', 300), peer('default', 200), peer('16/0.75', 401)];
    const { findings, steps } = await bench({ workloads: WORKLOADS }, peers);
    const [good, mixed] = findings.workloads;
    expect(mixed!.peers).toEqual({});
    expect(closed).toEqual(['plain', 'default', '16/0.75']);
    expect(Object.keys(good!.peers)).toEqual(['other plain', 'other default', 'other 16/0.75']);
    // Its cold run is short, and after the first that counts a setting that is more than twice as slow is done with.
    expect(asked.filter((line) => line.startsWith('default'))).toEqual(['default: 16', 'default: 120', 'default: 120']);
    expect(asked.filter((line) => line.startsWith('16/'))).toEqual(['16/0.75: 16', '16/0.75: 120']);
    expect(good!.peers['other 16/0.75']!.ms).toEqual([401]);
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
});

describe('a bench that is interrupted', () => {
  const short = { ...PLAN, tokens: 32 };
  /** The n-th turn of its kind. */
  const turn = (pass: BenchStep['pass'], n: number) => {
    let seen = 0;
    return (step: BenchStep) => step.pass === pass && ++seen === n;
  };
  const named = (findings: Findings) => findings.workloads.map(({ name }) => name);

  test('has found nothing before a repetition was whole', async () => {
    await expect(bench(short, [], turn('cold', 1))).rejects.toThrow();
    await expect(bench(short, [], turn('warm', 6))).rejects.toThrow();
  });

  test('has the repetitions that were whole, without the rest of the plan', async () => {
    // Two workloads of three contenders: the ninth turn is in the second repetition.
    const { findings, opened } = await bench({ ...short, repetitions: 50 }, [], turn('warm', 9));
    expect(findings).toMatchObject({ end: 'interrupted', repetitions: 1 });
    expect(opened).toEqual(['own']);
    expect(named(findings)).toEqual(['good', 'mixed']);
    for (const { plain, policies, oracle } of findings.workloads) {
      for (const { ms } of [plain, ...Object.values(policies)]) expect(ms).toHaveLength(1);
      expect(oracle).toBeUndefined();
    }
    expect(findings.costs.target).toHaveLength(17);
  });

  test('has the oracles that were worked out', async () => {
    const { findings } = await bench(short, [], turn('oracle', 2));
    expect(findings).toMatchObject({ end: 'interrupted', repetitions: 2 });
    expect(findings.workloads.map(({ name, oracle }) => [name, typeof oracle])).toEqual([
      ['good', 'object'],
      ['mixed', 'undefined'],
    ]);
  });

  test('has what the true drafts did where only the hopeless one is cut off', async () => {
    const { findings, opened } = await bench(short, [], ({ workload }) => workload === 'bad');
    expect(opened).toEqual(['own', 'hopeless']);
    expect(findings).toMatchObject({ end: 'interrupted', repetitions: 2 });
    expect(named(findings)).toEqual(['good', 'mixed']);
    expect(findings.workloads.every(({ oracle }) => oracle !== undefined)).toBe(true);
  });

  test('does not wait for the answers of other programs, and closes them', async () => {
    const log: string[] = [];
    const interrupt = new AbortController();
    const peer: Peer = {
      name: 'other',
      setting: 'plain',
      system: '',
      generate: async ({ tokens }) => {
        log.push('generate');
        if (log.filter((line) => line === 'generate').length < 3) return { ms: 300, tokens, drafted: 0, accepted: 0 };
        setImmediate(() => interrupt.abort());
        return await new Promise(() => {});
      },
      pause: () => log.push('pause'),
      resume: () => log.push('resume'),
      close: async () => void log.push('close'),
    };
    const plan = { ...short, workloads: [WORKLOADS[1]!], policies: [ADAPTIVE], repetitions: 50 };
    const { findings } = await bench(plan, [peer], undefined, interrupt);
    expect(log.slice(-2)).toEqual(['pause', 'close']);
    expect(findings.workloads[0]!.peers['other plain']!.ms).toEqual([300]);
  });

  test('is complete where nobody interrupts it, and fails where something else fails', async () => {
    expect((await bench({ ...short, workloads: [WORKLOADS[1]!] })).findings.end).toBe('complete');
    const failing = ({ pass }: BenchStep) => {
      if (pass === 'oracle') throw new Error('the disk is full');
      return false;
    };
    await expect(bench(short, [], failing)).rejects.toThrow('the disk is full');
  });
});
