/** OpenAI's dialect in front of the embedded pair: what was asked for comes back, streamed or not, drafted or not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServedPair, servePair } from './testing/served-pair.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any;

let pair: ServedPair;
let control: string;
beforeAll(async () => {
  pair = await servePair({ strict: true, parallel: 4 });
  control = (await complete({})).choices[0].text;
});
afterAll(() => pair.close());

const CONTROL = { prompt: 'Once upon a time there was', max_tokens: 32, temperature: 0 };
const DRAFTED = { 'speculative.n_min': 8, 'speculative.n_max': 8 };
const question = [{ role: 'user', content: 'Count from 1 to 20.' }];

async function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${pair.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
}

async function complete(fields: object): Promise<Json> {
  const response = await post('/v1/completions', { ...CONTROL, ...fields });
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
}

async function chat(fields: object): Promise<Json> {
  const response = await post('/v1/chat/completions', { messages: question, temperature: 0, ...fields });
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
}

/** A stream's chunks, its mark at the end checked and taken off. */
async function stream(path: string, body: object): Promise<Json[]> {
  const text = await (await post(path, { ...body, stream: true })).text();
  const events = text.split('\n\n').filter((event) => event.startsWith('data: '));
  expect(events.pop()).toBe('data: [DONE]');
  return events.map((event) => JSON.parse(event.slice('data: '.length)));
}

describe('a text', () => {
  it('is the same drafted, plain, streamed and in a crowd', async () => {
    expect((await complete({ 'speculative.mode': 'main' })).choices[0].text).toBe(control);
    const drafted = await complete(DRAFTED);
    expect(drafted.choices[0].text).toBe(control);
    expect(drafted.outrider.statistics.drafted).toBeGreaterThan(0);
    const chunks = await stream('/v1/completions', { ...CONTROL, ...DRAFTED });
    expect(chunks.map(({ choices }) => choices[0].text).join('')).toBe(control);
    const crowd = await Promise.all(Array.from({ length: 8 }, () => complete(DRAFTED)));
    expect(new Set(crowd.map(({ choices }) => choices[0].text))).toEqual(new Set([control]));
  });

  it('comes again with its seed, and choices count up from it', async () => {
    const sampled = { temperature: 1, ...DRAFTED };
    for (const seed of [0, 7, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER]) {
      const [first, again] = [await complete({ ...sampled, seed }), await complete({ ...sampled, seed })];
      expect(again.choices[0].text).toBe(first.choices[0].text);
      expect(first.outrider.seed).toBe(seed);
    }
    const { choices } = await complete({ ...sampled, seed: 7, n: 2 });
    for (const [index, seed] of [7, 8].entries()) {
      expect(choices[index].text).toBe((await complete({ ...sampled, seed })).choices[0].text);
    }
    const drawn = await complete(sampled);
    expect((await complete({ ...sampled, seed: drawn.outrider.seed })).choices[0].text).toBe(drawn.choices[0].text);
  });

  it('ends where limit and stop string say, in both modes', async () => {
    for (const max_tokens of [0, 1, 5, 12, 40]) {
      const bodies = [DRAFTED, { 'speculative.mode': 'main' }].map((mode) => ({ max_tokens, stop: ['5'], ...mode }));
      const [drafted, plain] = [await chat(bodies[0]!), await chat(bodies[1]!)];
      expect(drafted.choices[0]).toMatchObject(plain.choices[0]);
      expect(drafted.usage.total_tokens).toBe(plain.usage.total_tokens);
      expect(drafted.choices[0].message.content).not.toContain('5');
    }
    expect((await chat({ stop: ['5'] })).choices[0].finish_reason).toBe('stop');
    expect((await chat({ max_tokens: 2 })).choices[0].finish_reason).toBe('length');
  });
});

describe('the pair', () => {
  it('tells how the vocabularies compare and what passes take', async () => {
    const description = (await (await fetch(`${pair.url}/api/outrider/pair`)).json()) as Json;
    const { vocabularySize } = description.target;
    expect(description.drafts[0].vocabularyFit).toMatchObject({
      sharedIds: vocabularySize,
      equalIds: vocabularySize,
      differing: { count: 0 },
      masked: 0,
    });
    const { target, drafts } = (await (await fetch(`${pair.url}/api/outrider/costs`)).json()) as Json;
    expect(target.depths[0]).toEqual({ from: 0, factor: 1 });
    for (const { points } of [target, drafts[description.drafts[0].name]]) {
      expect(points[0].rows).toBe(1);
      expect(points.every(({ ms }: Json) => ms > 0)).toBe(true);
    }
  });
});

describe('a request', () => {
  it('may choose the draft model alone', async () => {
    const { data } = (await (await fetch(`${pair.url}/v1/models`)).json()) as Json;
    const answer = await complete({ model: data[2].id });
    expect(answer).toMatchObject({ model: data[2].id, outrider: { mode: 'draft' } });
  });

  it('that does not fit is refused before any header of a stream', async () => {
    const response = await post('/v1/completions', { prompt: 'word '.repeat(2000), stream: true });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'exceed_context_size_error', n_ctx: 512 } });
  });

  it('that its client leaves frees its place', async () => {
    const abort = new AbortController();
    const endless = { ...CONTROL, max_tokens: -1, ignore_eos: true, stream: true };
    const response = await fetch(`${pair.url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify(endless),
      signal: abort.signal,
    });
    await response.body!.getReader().read();
    abort.abort();
    await expect.poll(async () => (await pair.service.status()).running).toBe(0);
    expect((await complete({})).choices[0].text).toBe(control);
  });
});
