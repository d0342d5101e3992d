/**
 * Log-probabilities are the target's, whoever proposed the token: under speculation they are those of the target alone.
 * Bit for bit where the engine is strict; else as near as rows of a pass of several are to a row of its own.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, GenerationRequest, TokenLogprob } from '../../src/engine/index.js';
import { answer, BY_CONFIDENCE } from './testing/answer.js';
import { heldOut, longPrompt } from './testing/heldout.js';
import { loadPair } from './testing/pair.js';

const PROMPTS = heldOut(6)
  .slice(0, 50)
  .map(({ prompt }) => prompt);

const GREEDY: Omit<GenerationRequest, 'prompt'> = {
  ...BY_CONFIDENCE,
  sampling: { temperature: 0 },
  maxTokens: 24,
  ignoreEndOfText: true,
  logprobs: 3,
  // A prompt of which all but the end is cached has that end evaluated in a pass of other rows.
  cachePrompt: false,
};

/** Below 512 cells rows differ by the order in which kernels add, and no more (kernels.md 3). */
const NEAR = 1e-2;
/** Beyond, attention of one row walks another way than that of several: 0.7 % of the logits' deviation, a few times that at most. */
const FAR = 0.5;

/** What both say of the tokens before the texts part: at a near-tie they may, where passes are as they come. */
interface Compared {
  /** Of main and of speculation, in turns of tokens. */
  readonly pairs: readonly (readonly [TokenLogprob, TokenLogprob])[];
  readonly accepted: number;
}

async function compare(engine: Engine, prompt: GenerationRequest['prompt']): Promise<Compared> {
  const main = await answer(engine, { ...GREEDY, prompt, mode: 'main' });
  const speculative = await answer(engine, { ...GREEDY, prompt });
  const [ones, others] = [main, speculative].map(({ pieces }) => pieces.flatMap(({ logprobs = [] }) => logprobs));
  const parting = ones!.findIndex(({ token }, i) => token !== others![i]?.token);
  const count = parting < 0 ? ones!.length : parting;
  return {
    pairs: ones!.slice(0, count).map((one, i) => [one, others![i]!] as const),
    accepted: speculative.finish.statistics.accepted,
  };
}

/** The largest difference of any log-probability, alternatives that both list included. */
function spreadOf({ pairs }: Compared): number {
  const differences = pairs.flatMap(([one, other]) => [
    Math.abs(one.logprob - other.logprob),
    ...one.top.flatMap(({ token, logprob }) => {
      const same = other.top.find((alternative) => alternative.token === token);
      return same === undefined ? [] : [Math.abs(logprob - same.logprob)];
    }),
  ]);
  return Math.max(0, ...differences);
}

describe.each([
  { strict: true, near: 0, far: 0 },
  { strict: false, near: NEAR, far: FAR },
])('strict: $strict', ({ strict, near, far }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadPair({ strict });
  });
  afterAll(() => engine.close());

  it('of 50 prompts below 512 cells', async ({ annotate }) => {
    const all: Compared[] = [];
    for (const prompt of PROMPTS) all.push(await compare(engine, prompt));
    await annotate(`largest difference: ${Math.max(...all.map(spreadOf))}`);
    expect(Math.max(...all.map(spreadOf))).toBeLessThanOrEqual(near);
    // Otherwise nothing was compared: drafts have to be accepted, and texts have to be the same for most of their length.
    expect(all.reduce((sum, { accepted }) => sum + accepted, 0)).toBeGreaterThan(300);
    expect(all.reduce((sum, { pairs }) => sum + pairs.length, 0)).toBeGreaterThan(0.9 * 24 * PROMPTS.length);
  });

  it('beyond 512 cells', async ({ annotate }) => {
    const all: Compared[] = [];
    for (const number of [0, 4, 9]) all.push(await compare(engine, longPrompt(engine, 640, number)));
    await annotate(`largest difference: ${Math.max(...all.map(spreadOf))}`);
    expect(Math.max(...all.map(spreadOf))).toBeLessThanOrEqual(far);
    expect(all.every(({ pairs }) => pairs.length > 8)).toBe(true);
  });
});
