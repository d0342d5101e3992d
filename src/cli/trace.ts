import { open } from 'node:fs/promises';
import type { GenerationEvent } from '../engine/events.js';
import { OutriderError } from '../errors.js';
import type { EventSink } from './event-sink.js';
import { Output } from './output.js';

/** A JSONL file of a generation: one event a line, with `time` in milliseconds since the file was opened. */
export interface Trace {
  /** Never fails: the generation is worth more than its trace. */
  readonly sink: EventSink;
  /** @throws OutriderError output_failed when the trace is not whole, because of a full disk for example */
  close(): Promise<void>;
}

/**
 * Creates the file, or empties it.
 * @throws OutriderError invalid_argument when it cannot be written
 */
export async function openTrace(path: string, now: () => number): Promise<Trace> {
  const file = await open(path, 'w').catch((error: NodeJS.ErrnoException) => {
    throw new OutriderError('invalid_argument', `--trace: cannot write ${path} (${error.code})`, { path });
  });
  const output = new Output(file.createWriteStream(), path);
  const began = now();
  return {
    sink: (event) => output.write(`${traceLine(event, now() - began)}\n`).catch(() => {}),
    close: () => output.end(),
  };
}

/** An event as JSON. The laws of a draft, thousands of numbers a round, are left out; an error is its three fields. */
export function traceLine(event: GenerationEvent, time: number): string {
  return JSON.stringify({ time: Math.round(time * 1000) / 1000, ...plain(event) });
}

function plain(event: GenerationEvent): object {
  switch (event.type) {
    case 'round': {
      const { tokens, confidences } = event.draft;
      return { ...event, draft: { tokens, confidences } };
    }
    case 'error': {
      const { code, message, details } = event.error;
      return { type: 'error', error: { code, message, details } };
    }
    default:
      return event;
  }
}
