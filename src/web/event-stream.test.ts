import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventParser, eventsOf } from './event-stream.js';

function bodyOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

async function all(chunks: readonly Uint8Array[]): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of eventsOf(bodyOf(chunks))) events.push(event);
  return events;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('events', () => {
  test('come whole, however the bytes were cut', async () => {
    const values = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.constant({ a: ['é', '🦊\n'] })));
    await fc.assert(
      fc.asyncProperty(values, fc.infiniteStream(fc.integer({ min: 1, max: 5 })), async (sent, sizes) => {
        const whole = bytes(sent.map((value) => `data: ${JSON.stringify(value)}\n\n`).join(''));
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < whole.length; ) {
          const size = sizes.next().value!;
          chunks.push(whole.slice(at, at + size));
          at += size;
        }
        expect(await all(chunks)).toEqual(sent);
      }),
    );
  });

  test('have lines that end in any way, names and comments', async () => {
    expect(
      await all([bytes(':\n\nevent: x\r\ndata: 1\r\n\r\ndata:2\r\r: 3\ndata: 4\ndata: \n\ndata: [DONE]\n\n')]),
    ).toEqual([1, 2, 4]);
  });

  test('of several lines are one text', () => {
    expect([...new EventParser().push('data: a\ndata: b\n\n')]).toEqual(['a\nb']);
  });

  test('that the end cuts off are dropped', async () => {
    expect(await all([bytes('data: 1\n\ndata: 2\n')])).toEqual([1]);
  });

  test('leave the body when nobody reads on', async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes('data: 1\n\n')),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const _ of eventsOf(body)) break;
    expect(cancelled).toBe(true);
  });
});
