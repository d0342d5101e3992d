/** POST /api/outrider/generate in front of the embedded pair: what the page is drawn from. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf } from '../../src/server/testing/app.js';
import { type ServedPair, servePair } from './testing/served-pair.js';

// biome-ignore lint/suspicious/noExplicitAny: messages are looked at field by field
type Json = any;

let pair: ServedPair;
beforeAll(async () => {
  pair = await servePair({ strict: true });
});
afterAll(() => pair.close());

const QUESTION = [{ role: 'user', content: 'Tell me a story about a clever fox.' }];

async function ask(body: object) {
  const response = await fetch(`${pair.url}/api/outrider/generate`, {
    method: 'POST',
    body: JSON.stringify({ messages: QUESTION, max_tokens: 80, seed: 7, ...body }),
  });
  const messages = (await eventsOf(response)) as Json[];
  const texts = messages.filter(({ type }) => type === 'text');
  return {
    messages,
    text: texts.map(({ text }) => text).join(''),
    tokens: texts.flatMap(({ tokens }) => tokens) as Json[],
    finish: messages.at(-1),
  };
}

describe('an answer', () => {
  test('is its tokens, each with where it comes from and what the target thought of it', async () => {
    // Four tokens in every draft, so that some are rejected.
    const { messages, text, tokens, finish } = await ask({ temperature: 1, speculative: { n_min: 4, n_max: 4 } });
    expect(tokens.map((token) => token.text).join('')).toBe(text);
    const { statistics } = finish;
    const count = (wanted: string) => tokens.filter(({ origin }) => origin === wanted).length;
    // An end token has no text, and the limit may cut the last round.
    expect(statistics.accepted - count('accepted')).toBeOneOf([0, 1, 2, 3, 4]);
    expect(statistics.recovered - count('recovered')).toBeOneOf([0, 1]);
    expect(count('accepted')).toBeGreaterThan(0);
    expect(count('recovered')).toBeGreaterThan(0);
    for (const { target, draft, origin, rejected, top, id } of tokens) {
      expect(target).toBeGreaterThan(0);
      expect(target).toBeLessThanOrEqual(1);
      expect(top).toHaveLength(3);
      expect(top[0].target).toBeGreaterThanOrEqual(target);
      expect(draft !== undefined).toBe(origin === 'accepted');
      expect(rejected !== undefined).toBe(origin === 'recovered');
      if (rejected !== undefined) expect(rejected.id).not.toBe(id);
    }
    expect(messages.filter(({ type }) => type === 'round')).toHaveLength(statistics.rounds);
    expect(finish.predictedPlainMs).toBeGreaterThan(0);
  });

  test.each(['speculative', 'main', 'draft'])('in mode %s goes on behind its tokens as it would have', async (mode) => {
    const body = { speculative: { mode } };
    const whole = await ask(body);
    const ids = whole.tokens.map(({ id }) => id);
    const rest = await ask({ ...body, resume: ids.slice(0, 30), max_tokens: 50 });
    expect(rest.tokens.map(({ id }) => id)).toEqual(ids.slice(30));
    expect(whole.text.endsWith(rest.text)).toBe(true);
  });

  test('goes on behind a text', async () => {
    const { text, messages } = await ask({ resume: 'Once upon a time, a fox', temperature: 0, max_tokens: 5 });
    expect(text).not.toBe('');
    expect(messages[0]).toMatchObject({ type: 'start', reasoning: false });
  });
});
