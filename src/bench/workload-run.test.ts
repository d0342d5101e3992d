import { describe, expect, test } from 'vitest';
import { fakeEngine } from '../engine/testing/engine.js';
import { applies, PLAIN, POLICIES, type Policy } from './policies.js';
import { requestsOf, runWorkload, type WorkloadRun } from './workload-run.js';
import type { Workload, WorkloadDraft } from './workloads.js';

const LONG = { endBias: -30 };
const now = () => performance.now();

function workload(draft: WorkloadDraft, temperature = 0): Workload {
  return { name: 'some', temperature, prompts: [{ text: 'once upon' }, { text: 'a time' }], draft };
}

async function runAll(chosen: Workload, drift: number): Promise<Map<Policy, WorkloadRun>> {
  const { engine } = await fakeEngine({ target: LONG, draft: { ...LONG, drift } });
  const runs = new Map<Policy, WorkloadRun>();
  for (const policy of POLICIES.filter(({ options }) => options.verification === undefined)) {
    runs.set(policy, await runWorkload({ engine, workload: chosen, policy, tokens: 240, seed: 7, now }));
  }
  return runs;
}

/** The share of judged tokens that were accepted; the first round of a request drafts nothing. */
function acceptance({ rounds }: WorkloadRun): number {
  const judged = rounds.map(({ accepted, draft }) => Math.min(accepted + 1, draft.tokens.length));
  const accepted = rounds.reduce((sum, round) => sum + round.accepted, 0);
  return accepted / judged.reduce((sum, count) => sum + count, 0);
}

describe('a workload', () => {
  test.each(['own', 'garbled'] as const)(
    'says the same under every policy with %s drafts, sampled too',
    async (draft) => {
      for (const temperature of [0, 0.8]) {
        const runs = [...(await runAll(workload(draft, temperature), 0.2))];
        for (const [, { texts }] of runs) expect(texts).toEqual(runs[0]![1].texts);
        expect(runs[0]![1].texts.map(({ tokens }) => tokens.length)).toEqual([120, 120]);
      }
    },
  );

  test('drafts as its policy says', async () => {
    const runs = await runAll(workload('own'), 0.1);
    // Near the end there is less room.
    const rounds = (name: string) =>
      [...runs].flatMap(([policy, run]) =>
        policy.name === name ? run.rounds.filter(({ index }) => index > 0 && index < 20) : [],
      );
    const lengths = (name: string) => new Set(rounds(name).map(({ draft }) => draft.tokens.length));
    expect(lengths('plain')).toEqual(new Set([0]));
    expect(lengths('fixed3')).toEqual(new Set([3]));
    expect(lengths('llama')).toEqual(new Set([3]));
    const confidences = rounds('llama16').flatMap(({ draft }) => draft.confidences);
    expect(confidences.length).toBeGreaterThan(0);
    expect(Math.min(...confidences)).toBeGreaterThanOrEqual(0.75);
    expect(lengths('llama16')).toContain(0);
  });

  test('llama.cpp’s draft is greedy also where the request samples', async () => {
    const { engine } = await fakeEngine({ target: LONG, draft: LONG });
    const llama = POLICIES.find(({ name }) => name === 'llama')!;
    const shared = POLICIES.find(({ name }) => name === 'fixed3')!;
    const plan = { engine, workload: workload('own', 1), tokens: 240, seed: 7, now };
    // The draft's law is the target's own: whoever shares its noise is never wrong.
    expect(acceptance(await runWorkload({ ...plan, policy: shared }))).toBe(1);
    expect(acceptance(await runWorkload({ ...plan, policy: llama }))).toBeLessThan(0.9);
  });

  test('without a seed where the rule cannot repeat a text', async () => {
    const { engine } = await fakeEngine({ target: LONG, draft: { ...LONG, drift: 0.2 } });
    const policy = POLICIES.find(({ name }) => name === 'block3')!;
    const plan = { engine, workload: workload('own', 1), policy, tokens: 240, seed: 7, now };
    expect(applies(policy, 1)).toBe(true);
    expect(applies(policy, 0)).toBe(false);
    expect(requestsOf(plan)[0]).not.toHaveProperty('seed');
    expect((await runWorkload(plan)).texts).not.toEqual((await runWorkload(plan)).texts);
  });

  test('with garbled drafts loses every other stretch of 50 tokens', async () => {
    const { engine } = await fakeEngine({ target: LONG, draft: LONG });
    const policy = POLICIES.find(({ name }) => name === 'fixed3')!;
    const run = await runWorkload({ engine, workload: workload('garbled'), policy, tokens: 200, seed: 7, now });
    const share = acceptance(run);
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
  });
});

test('requests share the tokens, and never end before they have them', () => {
  const requests = requestsOf({ workload: workload('own', 0.8), policy: PLAIN, tokens: 101, seed: 3 });
  expect(requests).toEqual(
    ['once upon', 'a time'].map((text) => ({
      prompt: { text },
      mode: 'main',
      maxTokens: 51,
      cachePrompt: false,
      ignoreEndOfText: true,
      seed: 3,
      sampling: { temperature: 0.8 },
    })),
  );
});
