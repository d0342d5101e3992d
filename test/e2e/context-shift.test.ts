/**
 * A full context is not a cliff: a role-play chat that outgrows it costs each turn what is new in it, in the caches of both
 * models, and an answer may go on where the context ends.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, GenerationRequest } from '../../src/engine/index.js';
import { answer } from './testing/answer.js';
import { loadPair } from './testing/pair.js';
import { type ServedPair, servePair } from './testing/served-pair.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any;

const CONTEXT = 512;
const TURNS = 60;
const ANSWER = 24;
/** Fixed drafts: the draft model takes part in every turn. */
const DRAFTED = { 'speculative.n_min': 4, 'speculative.n_max': 4, 'speculative.drafters': ['model'] };
const SYSTEM =
  'You are Mia, a small fox who lives in a wood. You are kind and brave. Your friend is a bird called Tom. Speak as Mia.';
const SAYINGS = [
  'Hello Mia, what did you do today?',
  'Did you see Tom at the lake?',
  'I found a red ball. Do you want to play?',
  'It is getting dark in the wood. Are you afraid?',
  'Tell me about the big tree, please.',
];

let pair: ServedPair;
beforeAll(async () => {
  pair = await servePair({ contextSize: CONTEXT, contextShift: true, cacheRamBytes: 0 });
});
afterAll(() => pair.close());

async function post(path: string, body: unknown): Promise<Json> {
  const response = await fetch(`${pair.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
}

async function tokensOf(content: string): Promise<number> {
  return (await post('/tokenize', { content, add_special: false, parse_special: true })).tokens.length;
}

interface Message {
  readonly role: string;
  readonly content: string;
}

async function tokensOfChat(messages: readonly Message[]): Promise<number> {
  return tokensOf((await post('/apply-template', { messages })).prompt);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe(`a role-play chat of ${TURNS} turns on ${CONTEXT} tokens`, () => {
  it('costs what is new, when the front end cuts its oldest turns and keeps the system message', async () => {
    const system = { role: 'system', content: SYSTEM };
    const messages: Message[] = [];
    const costs: {
      readonly target: number;
      readonly draft: number;
      readonly news: number;
      readonly shifted: number;
      readonly wasCut: boolean;
    }[] = [];
    let answered = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      const before = turn === 0 ? 0 : await tokensOfChat([system, ...messages]);
      messages.push({ role: 'user', content: `${SAYINGS[turn % SAYINGS.length]} (${turn})` });
      // The header of the answer is in both counts, and was evaluated with the last one.
      const news = (await tokensOfChat([system, ...messages])) - before;
      const uncut = messages.length;
      // The text begins with a token that the template does not show.
      while ((await tokensOfChat([system, ...messages])) + 1 > CONTEXT - ANSWER) messages.splice(0, 2);
      const { choices, usage, timings, outrider } = await post('/v1/chat/completions', {
        ...{ messages: [system, ...messages], max_tokens: ANSWER, temperature: 0, ...DRAFTED },
      });
      const [draft] = outrider.drafts;
      costs.push({
        target: timings.prompt_n,
        draft: usage.prompt_tokens - draft.cached_tokens,
        // An answer is evaluated again from where its text has other tokens than were written.
        news: news + answered,
        shifted: timings.shifted ?? 0,
        wasCut: messages.length < uncut,
      });
      const { content } = choices[0].message;
      messages.push({ role: 'assistant', content });
      answered = usage.completion_tokens + 1;
    }
    const outgrown = costs.slice(-40);
    expect(outgrown.filter(({ wasCut }) => wasCut).length).toBeGreaterThan(20);
    for (const { target, draft, news, shifted, wasCut } of outgrown) {
      if (wasCut) expect(shifted).toBeGreaterThan(CONTEXT / 2);
      expect(target).toBeLessThanOrEqual(news);
      // Of its last drafts' tokens the draft model has not seen all.
      expect(draft).toBeLessThanOrEqual(news + 8);
    }
    // Evaluating all again would cost some 440 tokens a turn.
    expect(sum(outgrown.map(({ target }) => target)) / 40).toBeLessThan(60);
    expect(sum(outgrown.map(({ draft }) => draft)) / 40).toBeLessThan(60);
  });

  it('costs what is new, when the server cuts the text behind the memory, to the token', async () => {
    const evaluated = async (): Promise<number> => {
      const metrics = await (await fetch(`${pair.url}/metrics`)).text();
      return Number(/^outrider_prompt_tokens_total (\d+)/m.exec(metrics)![1]);
    };
    let prompt = '';
    const costs: number[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      prompt += `\nYou: ${SAYINGS[turn % SAYINGS.length]} (${turn})\nMia:`;
      const before = await evaluated();
      const { results } = await post('/api/v1/generate', {
        ...{ memory: SYSTEM, prompt, max_context_length: CONTEXT, max_length: ANSWER, temperature: 0, ...DRAFTED },
      });
      costs.push((await evaluated()) - before);
      prompt += results[0].text;
    }
    const outgrown = costs.slice(-40);
    for (const cost of outgrown) expect(cost).toBeLessThanOrEqual(40 + ANSWER);
    expect(sum(outgrown) / 40).toBeLessThan(40);
  });
});

const TALE = { prompt: { text: 'Once upon a time there was a fox' }, ignoreEndOfText: true } as const;

describe('an answer that outgrows its context', () => {
  it('goes on, drafted, and llama-server’s dialect calls it truncated', async () => {
    const body = { prompt: TALE.prompt.text, n_predict: 1200, n_keep: -1, ignore_eos: true, temperature: 0.8, seed: 5 };
    const { content, tokens_predicted, truncated, timings, outrider } = await post('/completion', {
      ...body,
      ...DRAFTED,
    });
    expect({ tokens_predicted, truncated }).toEqual({ tokens_predicted: 1200, truncated: true });
    expect(outrider.dropped).toBeGreaterThan(700);
    expect(timings.shifted).toBeGreaterThan(500);
    expect(outrider.drafts[0].shifted).toBeGreaterThan(500);
    // Drafts are accepted as before, and words stay words.
    expect(outrider.statistics.acceptanceRate).toBeGreaterThan(0.5);
    const late = content.slice(-1500).split(/\s+/);
    expect(
      late.filter((word: string) => /^["']?[A-Za-z]+(['-][a-z]+)?[.,!?;:"']*$/.test(word)).length / late.length,
    ).toBeGreaterThan(0.9);
  });

  it('ends there without a limit', async () => {
    const { tokens_predicted, tokens_evaluated, stop_type } = await post('/completion', {
      ...{ prompt: TALE.prompt.text, ignore_eos: true, temperature: 0 },
    });
    expect({ all: tokens_predicted + tokens_evaluated, stop_type }).toEqual({ all: CONTEXT, stop_type: 'limit' });
  });

  it('under strict is the same with and without drafts, bit for bit', async () => {
    const engine: Engine = await loadPair({ contextSize: 256, contextShift: true, strict: true });
    try {
      for (const sampling of [{ temperature: 0 }, { temperature: 0.9 }]) {
        const request: GenerationRequest = { ...TALE, maxTokens: 500, seed: 3, sampling, keepTokens: 'prompt' };
        const { finish: plain } = await answer(engine, { ...request, mode: 'main' });
        const { finish: drafted } = await answer(engine, { ...request, draft: { min: 5, max: 5 } });
        expect(drafted.tokens).toEqual(plain.tokens);
        expect(drafted.dropped).toBeGreaterThan(200);
        expect(drafted).not.toHaveProperty('shifted');
      }
    } finally {
      await engine.close();
    }
  });
});
