/** Scores of the embedded pair against what generating tells, and comparisons against what speculation does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService } from '../../src/cli/open-service.js';
import { type CompareEvent, compare, type EngineService, type TokenLogprob } from '../../src/engine/index.js';
import { heldOut } from './testing/heldout.js';
import { DRAFT, MAIN, TEST_THREADS } from './testing/pair.js';

const GREEDY = { temperature: 0 };

async function open(strict: boolean): Promise<EngineService> {
  const options = { target: MAIN, drafts: [DRAFT], contextSize: 1024, ...TEST_THREADS, strict };
  return openService(options, { env: process.env }, 'this', () => {});
}

let strict: EngineService;
let free: EngineService;
beforeAll(async () => {
  strict = await open(true);
  free = await open(false);
});
afterAll(async () => {
  await strict.close();
  await free.close();
});

/** What an answer tells of its tokens, those whose text came out. */
async function told(service: EngineService, request: Parameters<EngineService['generate']>[0]) {
  const logprobs: TokenLogprob[] = [];
  for await (const event of service.generate({ ...request, logprobs: 2 })) {
    if (event.type === 'error') throw event.error;
    if (event.type === 'text') logprobs.push(...(event.logprobs ?? []));
  }
  return logprobs;
}

const prompts = heldOut(2).map(({ prompt }) => prompt);

describe('a score', () => {
  it('is bit for bit what plain decoding told of the same tokens, under strict', async () => {
    for (const prompt of prompts) {
      const known = await told(strict, { prompt, mode: 'main', maxTokens: 70, seed: 5, sampling: { temperature: 1 } });
      const { tokens } = await strict.score({ prompt, tokens: known.map(({ token }) => token), top: 2 });
      expect(tokens.map(({ token, logprob, top }) => ({ token, logprob, top }))).toEqual(
        known.map(({ token, logprob, top }) => ({ token, logprob, top })),
      );
    }
  });

  it('is what plain decoding told but for rounding, else; of the target and of the draft model', async () => {
    for (const mode of ['main', 'draft'] as const) {
      for (const prompt of prompts) {
        const known = await told(free, { prompt, mode, maxTokens: 70, seed: 5, sampling: { temperature: 1 } });
        const { tokens } = await free.score({ prompt, tokens: known.map(({ token }) => token), mode });
        const differences = tokens.map(({ logprob }, i) => Math.abs(Math.exp(logprob) - Math.exp(known[i]!.logprob)));
        // A prompt's rows may take other kernels than a single one.
        expect(Math.max(...differences)).toBeLessThan(0.05);
        expect(differences.reduce((a, b) => a + b) / differences.length).toBeLessThan(0.005);
      }
    }
  });
});

async function compared(service: EngineService, request: Parameters<typeof compare>[1]) {
  const events: CompareEvent[] = [];
  for await (const event of compare(service, request)) events.push(event);
  const comparison = events.findLast((event) => event.type === 'comparison')!;
  const textOf = (side: string) =>
    events.flatMap((one) => (one.type === 'end' && one.side === side ? one.text : []))[0]!;
  return { comparison, main: textOf('main'), draft: textOf('draft') };
}

describe('a comparison', () => {
  it('finds the texts to part where the target first wants another token, or soon behind it', async () => {
    for (const prompt of prompts) {
      const { comparison, main, draft } = await compared(strict, { prompt, seed: 5, maxTokens: 60, sampling: GREEDY });
      const { tokens, divergence, agreement } = comparison;
      const first = tokens.findIndex(({ accepted }) => !accepted);
      const judged = tokens.map(({ text }) => text).join('');
      expect(judged.startsWith(draft)).toBe(true);
      expect(agreement).toMatchObject({ judged: tokens.length, accepted: tokens.filter((one) => one.accepted).length });
      if (first < 0) expect(main.startsWith(draft) || divergence === null).toBe(true);
      // Another token may still begin with the same characters.
      else expect(divergence?.token).toBeGreaterThanOrEqual(first);
    }
  });

  it('expects of a draft that is drawn what rejection accepts of it', async () => {
    const prompt = { text: 'Once upon a time' };
    const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0 };
    let chances = 0;
    let judged = 0;
    let accepted = 0;
    let seen = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const { comparison } = await compared(free, { prompt, seed, maxTokens: 60, sampling });
      chances += comparison.tokens.reduce((sum, { acceptance }) => sum + acceptance, 0);
      judged += comparison.tokens.length;
      const request = {
        prompt,
        maxTokens: 60,
        sampling,
        verification: 'rejection',
        draft: { min: 1, max: 1 },
      } as const;
      for await (const event of free.generate(request)) {
        if (event.type === 'error') throw event.error;
        if (event.type !== 'finish') continue;
        accepted += event.statistics.accepted;
        seen += event.statistics.accepted + event.statistics.rejected;
      }
    }
    // The one goes on behind the draft model's own text, the other behind the target's: about the same.
    expect(Math.abs(chances / judged - accepted / seen)).toBeLessThan(0.12);
  });
});
