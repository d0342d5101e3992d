import { expect, test } from 'vitest';
import { ApiError } from '../api.js';
import type { CompareMessage } from './messages.js';
import { CompareSession, type Question } from './session.js';

const QUESTION: Question = {
  text: 'Hi',
  as: 'chat',
  draft: undefined,
  maxTokens: 9,
  temperature: undefined,
  seed: undefined,
};
const TIMINGS = { promptMs: 1, predictedMs: 2, predictedPerSecond: 3 };
const START: CompareMessage = {
  type: 'start',
  seed: 5,
  sides: [
    { side: 'main', model: 'large' },
    { side: 'draft', model: 'small' },
  ],
};

/** A session whose server answers with these messages. */
function answering(messages: readonly unknown[], then: () => Promise<void> = async () => {}) {
  const asked: unknown[] = [];
  const session = new CompareSession({
    async *stream<Message>(path: string, _: AbortSignal, body?: object) {
      asked.push([path, body]);
      yield* messages as Message[];
      await then();
    },
  });
  return { session, asked };
}

test('both sides grow, and end with what the server counted', async () => {
  const { session, asked } = answering([
    START,
    { type: 'text', side: 'draft', text: 'a', tokens: 1 },
    { type: 'text', side: 'main', text: 'b', tokens: 1 },
    { type: 'text', side: 'main', text: 'c', tokens: 2 },
    { type: 'end', side: 'main', text: 'bc', tokens: 3, finish_reason: 'stop', timings: TIMINGS },
    { type: 'done' },
  ]);
  await session.ask(QUESTION);
  expect(asked).toEqual([['api/outrider/compare', { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 9 }]]);
  expect(session.state.value).toMatchObject({
    running: false,
    seed: 5,
    failure: undefined,
    sides: {
      main: { model: 'large', text: 'bc', tokens: 3, end: { finish_reason: 'stop' } },
      draft: { model: 'small', text: 'a', tokens: 1, end: undefined },
    },
  });
});

test('a text to go on with is a prompt', async () => {
  const { session, asked } = answering([{ type: 'done' }]);
  await session.ask({ ...QUESTION, as: 'text', draft: 'small', seed: 0 });
  expect(asked).toEqual([['api/outrider/compare', { prompt: 'Hi', draft: 'small', max_tokens: 9, seed: 0 }]]);
});

test.each([
  ['what the server says', [START, { type: 'error', error: { message: 'it broke' } }], 'It broke.'],
  ['an end too early', [START], 'The comparison broke off.'],
])('%s is a failure, and the texts stay', async (_, messages, failure) => {
  const { session } = answering(messages);
  await session.ask(QUESTION);
  expect(session.state.value).toMatchObject({ running: false, failure: { message: failure }, sides: { main: {} } });
});

test('a refusal is a failure; one that was stopped is none', async () => {
  const refused = new ApiError('refused', 'No.', 'Ask for less.');
  const first = answering([], () => Promise.reject(refused));
  await first.session.ask(QUESTION);
  expect(first.session.state.value.failure).toBe(refused);
  const second = answering([START], async () => {
    second.session.stop();
    throw new DOMException('stopped', 'AbortError');
  });
  await second.session.ask(QUESTION);
  expect(second.session.state.value).toMatchObject({ running: false, failure: undefined });
});
