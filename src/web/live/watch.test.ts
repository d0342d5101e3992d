import { expect, test } from 'vitest';
import { ApiError } from '../api.js';
import type { LiveMessage } from './messages.js';
import { LiveWatch } from './watch.js';

const START: LiveMessage = { type: 'start', generation: 1, dialect: 'openai', mode: 'main', promptTokens: 1 };
const GONE = new ApiError('unreachable', 'The server does not answer.', 'Wait.');

/** A watch of a server whose streams are these, one after the other; behind the last it is never asked again. */
function watching(...streams: readonly (readonly unknown[])[]) {
  const waited: (ApiError | undefined)[] = [];
  let opened = 0;
  const watch = new LiveWatch({
    api: {
      get: async <Answer>() => ({ target: { points: [], depths: [] }, drafts: {} }) as Answer,
      async *stream<Message>() {
        for (const message of streams[opened++]!) {
          if (message instanceof Error) throw message;
          yield message as Message;
        }
      },
    },
    now: () => 0,
    untilAgain: (error) => {
      waited.push(error);
      return opened < streams.length ? Promise.resolve() : new Promise(() => {});
    },
  });
  return { watch, waited, opened: () => opened };
}

test('a stream that breaks off is followed by another, and those that ran are lost', async () => {
  const { watch, waited, opened } = watching([START, GONE], [{ ...START, generation: 2 }]);
  watch.start();
  watch.start();
  await expect.poll(opened).toBe(2);
  await expect.poll(() => waited).toEqual([GONE, undefined]);
  expect(watch.window.requests.map(({ id, reason }) => [id, reason])).toEqual([
    [2, 'lost'],
    [1, 'lost'],
  ]);
  expect(watch.problem.value).toBeUndefined();
  expect(watch.costs.value).toMatchObject({ target: {} });
});

test('an error within the stream is told', async () => {
  const { watch, waited } = watching([{ type: 'error', error: { message: 'it broke' } }]);
  watch.start();
  await expect.poll(() => waited).toMatchObject([{ message: 'It broke.' }]);
  expect(watch.problem.value).toMatchObject({ kind: 'refused' });
});
