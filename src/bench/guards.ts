/**
 * What speculation costs where it is no use (algorithms.md 2.3, 6: off is free): draft work over a long text whose draft
 * is hopeless, and the time to the first token with a draft loaded, against an engine that has none.
 */
import type { Engine } from '../engine/index.js';
import type { Token } from '../speculative/index.js';
import { median, medianInterval, pairedRatios } from './interval.js';
import type { FirstTokenDelay, GuardsResult, HopelessCount } from './result.js';

export interface GuardsPlan {
  /** Tokens of the text with the hopeless draft. */
  readonly tokens: number;
  /** Tokens of the prompts whose first token is timed. */
  readonly prompts: readonly number[];
  readonly repetitions: number;
  /** A text to cut prompts from; it is repeated where it is too short. */
  readonly text: string;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** The engines: with a draft that knows nothing, with the true one, without any. The caller closes them. */
export interface GuardsEngines {
  readonly hopeless: Engine;
  readonly own: Engine;
  readonly without: Engine;
}

export async function runGuards(plan: GuardsPlan, { hopeless, own, without }: GuardsEngines): Promise<GuardsResult> {
  const off = await countHopeless(plan, hopeless);
  const firstToken: FirstTokenDelay[] = [];
  for (const tokens of plan.prompts) firstToken.push(await compareFirstToken(plan, tokens, own, without));
  return { off, firstToken };
}

/** From a cold start: what is lost until the draft is found out is in it. */
async function countHopeless({ tokens, text, signal }: GuardsPlan, engine: Engine): Promise<HopelessCount> {
  const count = { tokens: 0, elapsedMs: 0, forwards: 0, probes: 0, draftMs: 0 };
  const request = {
    prompt: { text },
    maxTokens: tokens,
    ignoreEndOfText: true,
    cachePrompt: false,
    sampling: { temperature: 0 },
  };
  for await (const event of engine.generate({ ...request, draft: { drafters: ['model'] } }, signal)) {
    if (event.type === 'error') throw event.error;
    if (event.type !== 'round') continue;
    count.tokens += event.tokens.length;
    count.elapsedMs += event.draftMs + event.verifyMs;
    count.draftMs += event.draftMs;
    count.forwards += event.draft.tokens.length + event.dropped;
    count.probes += Number(event.evidence.length > 0);
  }
  return count;
}

/** The prompt changes in every repetition, so that nothing of it is in a cache. */
async function compareFirstToken(
  plan: GuardsPlan,
  count: number,
  own: Engine,
  without: Engine,
): Promise<FirstTokenDelay> {
  const times: Record<'own' | 'without', number[]> = { own: [], without: [] };
  for (let repetition = 0; repetition <= plan.repetitions; repetition++) {
    const turns = [
      ['own', own],
      ['without', without],
    ] as const;
    for (const [name, engine] of repetition % 2 === 0 ? turns : turns.toReversed()) {
      const ms = await firstTokenMs(plan, engine, promptOf(plan, engine, count, repetition));
      if (repetition > 0) times[name].push(ms);
    }
  }
  const ratios = pairedRatios(times.own, times.without);
  return {
    promptTokens: count,
    withDraftMs: median(times.own),
    withoutMs: median(times.without),
    ratio: median(ratios),
    interval: medianInterval(ratios),
  };
}

function promptOf({ text }: GuardsPlan, engine: Engine, count: number, repetition: number): readonly Token[] {
  const { tokens } = engine.tokenize({ text: `${repetition}. ${text}` });
  return Array.from({ length: count }, (_, i) => tokens[i % tokens.length]!);
}

async function firstTokenMs({ now, signal }: GuardsPlan, engine: Engine, tokens: readonly Token[]): Promise<number> {
  const began = now();
  for await (const event of engine.generate(
    { prompt: { tokens }, maxTokens: 8, ignoreEndOfText: true, cachePrompt: false, seed: 1 },
    signal,
  )) {
    if (event.type === 'error') throw event.error;
    if (event.type === 'round') return now() - began;
  }
  throw new Error('the events ended without a round');
}
