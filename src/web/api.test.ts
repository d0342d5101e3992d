import { describe, expect, test } from 'vitest';
import { Api, ApiError, errorIn } from './api.js';

function apiThat(answer: (init: RequestInit) => Response, key?: string) {
  const heard: string[] = [];
  const api = new Api({
    fetch: async (_, init) => {
      init.signal?.throwIfAborted();
      return answer(init);
    },
    key: () => key,
    heard: (what) => heard.push(what),
  });
  return { api, heard };
}

const refusal = (status: number, message: string) => () =>
  new Response(JSON.stringify({ error: { message } }), { status });

describe('what is asked', () => {
  test('carries the key', async () => {
    const { api } = apiThat((init) => Response.json(init.headers), 'secret');
    expect(await api.get('x')).toEqual({ Authorization: 'Bearer secret' });
  });

  test('is posted where there is a body, and comes as events', async () => {
    const { api } = apiThat((init) => new Response(`data: ${init.body}\n\ndata: "${init.method}"\n\n`));
    const events: unknown[] = [];
    for await (const event of api.stream('x', new AbortController().signal, { a: 1 })) events.push(event);
    expect(events).toEqual([{ a: 1 }, 'POST']);
  });
});

describe('a refusal', () => {
  test.each([
    [400, 'refused', 'prompt: expected a string', 'Prompt: expected a string.', /Change the request/],
    [401, 'key', 'nope', 'An API key is needed.', /Enter the key/],
    [429, 'refused', 'all places are taken', 'All places are taken.', /Wait/],
    [503, 'refused', 'the models are being loaded', 'The models are being loaded.', /in a moment/],
    [500, 'refused', 'it broke!', 'It broke!', /log/],
  ])('of status %i says what happened and what to do', async (status, kind, said, message, advice) => {
    const { api, heard } = apiThat(refusal(status, said));
    await expect(api.get('x')).rejects.toMatchObject({ kind, message, advice: expect.stringMatching(advice) });
    expect(heard).toEqual([status === 401 ? 'key' : 'answer']);
  });

  test('of a wrong key is another than of none', async () => {
    const { api } = apiThat(refusal(401, 'nope'), 'wrong');
    await expect(api.get('x')).rejects.toThrow('does not know this API key');
  });

  test('without words still says something', async () => {
    const { api } = apiThat(() => new Response('<html>', { status: 502 }));
    await expect(api.get('x')).rejects.toThrow('status 502');
  });
});

describe('silence', () => {
  const broken = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('data: 1\n\n'));
        },
        pull: (controller) => controller.error(new TypeError('network error')),
      }),
    );

  test('is told apart from refusals, before the answer and in the middle', async () => {
    const never = apiThat(() => {
      throw new TypeError('failed to fetch');
    });
    await expect(never.api.get('x')).rejects.toMatchObject({ kind: 'unreachable' });
    expect(never.heard).toEqual(['silence']);
    const { api, heard } = apiThat(broken);
    const events = api.stream('x', new AbortController().signal, {});
    expect(await events.next()).toEqual({ done: false, value: 1 });
    await expect(events.next()).rejects.toBeInstanceOf(ApiError);
    expect(heard).toEqual(['answer', 'silence']);
  });

  test('of one who has taken back the question is none', async () => {
    const { api, heard } = apiThat(() => Response.json(1));
    await expect(api.get('x', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(heard).toEqual([]);
  });
});

test('an event may tell of an error', () => {
  expect(errorIn({ type: 'text', text: 'error' })).toBeUndefined();
  expect(errorIn({ type: 'error', error: { message: 'it broke' } })?.message).toBe('It broke.');
});
