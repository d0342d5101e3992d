import { describe, expect, test } from 'vitest';
import { begun, dataFrame, eventStream, messageFrame } from './sse.js';

const errorFrame = (error: unknown) => dataFrame({ error: (error as Error).message });
const options = (heartbeatMs = 1000) => ({ heartbeatMs, abort: new AbortController(), errorFrame });

async function* frames(...texts: string[]): AsyncGenerator<string, void, void> {
  yield* texts;
}

/** Never gives anything until `open` is called. */
function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('frames', () => {
  test('are one line of JSON and an empty one', () => {
    expect(dataFrame({ text: 'a\nb\u2028' })).toBe('data: {"text":"a\\nb\u2028"}\n\n');
    expect(messageFrame({ token: 'a' })).toBe('event: message\ndata: {"token":"a"}\n\n');
  });
});

describe('a stream', () => {
  test('gives the frames as they are', async () => {
    const response = eventStream(frames('data: 1\n\n', 'data: ü\n\n'), options());
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(await response.text()).toBe('data: 1\n\ndata: ü\n\n');
  });

  test('shows that it lives while nothing comes', async () => {
    const { open, opened } = gate();
    const slow = async function* () {
      await opened;
      yield 'data: 1\n\n';
    };
    const reader = eventStream(slow(), options(5)).body!.getReader();
    const decoder = new TextDecoder();
    expect(decoder.decode((await reader.read()).value)).toBe(':\n\n');
    expect(decoder.decode((await reader.read()).value)).toBe(':\n\n');
    open();
    let text = '';
    for (let step = await reader.read(); !step.done; step = await reader.read()) text += decoder.decode(step.value);
    expect(text).toMatch(/^(:\n\n)*data: 1\n\n$/);
  });

  test('tells of an error and ends', async () => {
    const failing = async function* () {
      yield 'data: 1\n\n';
      throw new Error('broken');
    };
    expect(await eventStream(failing(), options()).text()).toBe('data: 1\n\ndata: {"error":"broken"}\n\n');
  });

  test('asks for frames only as fast as they are read', async () => {
    let asked = 0;
    const endless = async function* () {
      for (;;) yield `data: ${++asked}\n\n`;
    };
    const reader = eventStream(endless(), options()).body!.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toBeLessThan(4);
    await reader.cancel();
  });

  test('that nobody reads any more aborts what it waits for and ends its frames', async () => {
    const stream = options();
    let ended = false;
    const waiting = async function* () {
      try {
        yield 'data: 1\n\n';
        await new Promise((resolve) => stream.abort.signal.addEventListener('abort', resolve, { once: true }));
      } finally {
        ended = true;
      }
    };
    const reader = eventStream(waiting(), stream).body!.getReader();
    await reader.read();
    const pending = reader.read();
    await reader.cancel();
    await pending;
    expect(stream.abort.signal.aborted).toBe(true);
    expect(ended).toBe(true);
  });

  test('that is left while a frame is waited for tells of no error', async () => {
    const errors: unknown[] = [];
    const { open, opened } = gate();
    const waiting = async function* (): AsyncGenerator<string, void, void> {
      yield 'data: 1\n\n';
      await opened;
    };
    const reader = eventStream(waiting(), {
      ...options(),
      errorFrame: (error) => {
        errors.push(error);
        return '';
      },
    }).body!.getReader();
    await reader.read();
    const second = reader.read();
    await new Promise((resolve) => setTimeout(resolve));
    const left = reader.cancel();
    open();
    await Promise.all([left, second]);
    await new Promise((resolve) => setTimeout(resolve));
    expect(errors).toEqual([]);
  });

  test('whose reader takes nothing any more ends', async () => {
    const stream = { ...options(), stallMs: 5 };
    let ended = false;
    const endless = async function* () {
      try {
        for (;;) yield 'data: 1\n\n';
      } finally {
        ended = true;
      }
    };
    const reader = eventStream(endless(), stream).body!.getReader();
    await reader.read();
    await expect.poll(() => ended).toBe(true);
    expect(stream.abort.signal.aborted).toBe(true);
    await expect(reader.read()).rejects.toThrow();
  });

  test('that is never read ends its frames too', async () => {
    const stream = options();
    let ended = false;
    const never = async function* () {
      try {
        yield 'data: 1\n\n';
      } finally {
        ended = true;
      }
    };
    await eventStream(never(), stream).body!.cancel();
    expect(ended).toBe(true);
  });
});

describe('an iteration that has begun', () => {
  test('is whole', async () => {
    const values: string[] = [];
    for await (const value of await begun(frames('a', 'b'), 1000)) values.push(value);
    expect(values).toEqual(['a', 'b']);
  });

  test('has failed already where it fails at once', async () => {
    // biome-ignore lint/correctness/useYield: it fails before
    const refusing = async function* (): AsyncGenerator<string, void, void> {
      throw new Error('refused');
    };
    await expect(begun(refusing(), 1000)).rejects.toThrow('refused');
  });

  test('is taken for good where it takes long', async () => {
    const { open, opened } = gate();
    const slow = async function* () {
      await opened;
      yield 'a';
    };
    const values = await begun(slow(), 5);
    open();
    expect(await values.next()).toEqual({ done: false, value: 'a' });
  });

  test('ends what it iterates when it is ended unread', async () => {
    let ended = false;
    const source = async function* () {
      try {
        yield 'a';
      } finally {
        ended = true;
      }
    };
    await (await begun(source(), 1000)).return();
    expect(ended).toBe(true);
  });
});
