/** Server-sent events over an async iterator: pulled by the reader, silent times bridged, ended with the client. */

/** A bare comment; with text in it some clients lose the event behind it. */
const HEARTBEAT = ':\n\n';

/** A client that takes nothing for so long, in milliseconds, has its generation ended: others wait for its place. */
const STALL_MS = 300_000;

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
};

/** An event of data alone: OpenAI's and llama.cpp's framing. */
export function dataFrame(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** KoboldCpp's framing: its clients want the event's name, first. */
export function messageFrame(data: unknown): string {
  return `event: message\n${dataFrame(data)}`;
}

export interface EventStreamOptions {
  readonly heartbeatMs: number;
  readonly stallMs?: number;
  /** Aborted when the client leaves, so that what the frames wait for ends. */
  readonly abort: AbortController;
  /** The frame that tells of an error after the first byte. */
  readonly errorFrame: (error: unknown) => string;
}

/**
 * A streaming answer of whole frames. Frames are asked for only as fast as the client takes them. Call it when the request is known to be
 * good: from here on the status is 200.
 */
export function eventStream(
  frames: AsyncGenerator<string, void, void>,
  { heartbeatMs, stallMs = STALL_MS, abort, errorFrame }: EventStreamOptions,
): Response {
  const encoder = new TextEncoder();
  // Begun at once: a generator that never began would not run its `finally` when the client is gone before it reads.
  let pending: Promise<IteratorResult<string, void>> | undefined = frames.next();
  pending.catch(() => {});
  let stall: NodeJS.Timeout | undefined;
  // A reader that left while a frame was waited for takes nothing any more, its end included.
  let isOpen = true;
  const end = async (): Promise<void> => {
    isOpen = false;
    clearTimeout(stall);
    abort.abort();
    await frames.return();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stall);
        pending ??= frames.next();
        try {
          const step = await within(pending, heartbeatMs);
          if (step !== 'late') pending = undefined;
          if (!isOpen) return;
          if (step !== 'late' && step.done) return controller.close();
          controller.enqueue(encoder.encode(step === 'late' ? HEARTBEAT : step.value));
          stall = setTimeout(() => {
            controller.error(new Error('the reader takes nothing any more'));
            end().catch(() => {});
          }, stallMs);
        } catch (error) {
          if (!isOpen) return;
          controller.enqueue(encoder.encode(errorFrame(error)));
          controller.close();
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: HEADERS });
}

/**
 * Starts the iteration, so that what is wrong with a request is thrown before any header goes out; after `ms` it is taken
 * for good, since clients wait for headers only so long. Returns all of it.
 */
export async function begun<Value>(
  events: AsyncGenerator<Value, void, void>,
  ms: number,
): Promise<AsyncGenerator<Value, void, void>> {
  const first = events.next();
  // Whoever iterates hears of a failure; until then it is nobody's unhandled rejection.
  first.catch(() => {});
  const all = replayed(first, events);
  await all.next();
  await within(first, ms);
  return all as AsyncGenerator<Value, void, void>;
}

async function* replayed<Value>(
  first: Promise<IteratorResult<Value, void>>,
  events: AsyncGenerator<Value, void, void>,
): AsyncGenerator<Value | 'begun', void, void> {
  try {
    // Taken by `begun`: only a generator that has begun runs its `finally` when it is ended.
    yield 'begun';
    const step = await first;
    if (step.done) return;
    yield step.value;
    yield* events;
  } finally {
    await events.return();
  }
}

/** What `promise` gives, or `late` after `ms`. */
async function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late');
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
