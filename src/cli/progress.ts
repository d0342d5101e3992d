import { basename } from 'node:path';
import type { LoadEvent } from '../engine/events.js';
import type { EventSink } from './event-sink.js';
import type { TextSink } from './surroundings.js';
import { visible } from './terminal.js';

const CLEAR_LINE = '\r\x1b[K';

/** A line that says how far things are and goes away again; on a terminal only, nothing of it gets into a file. */
export class ProgressLine {
  readonly #terminal: TextSink | undefined;
  #shown = '';

  constructor(stream: TextSink) {
    this.#terminal = stream.isTTY === true ? stream : undefined;
  }

  /** Shows `text`, as far as a line holds it, in place of what is there. */
  show(text: string): void {
    if (text === this.#shown) return;
    const room = (this.#terminal?.columns ?? 80) - 1;
    this.#terminal?.write(CLEAR_LINE + visible(text).slice(0, room));
    this.#shown = text;
  }

  clear(): void {
    if (this.#shown !== '') this.#terminal?.write(CLEAR_LINE);
    this.#shown = '';
  }

  readonly onLoad = (event: LoadEvent): void => {
    if (event.type === 'ready') this.clear();
    if (event.type === 'model') this.show(`loading ${basename(event.path)} ${percent(event.fraction)}`);
  };

  /** Shows how much of a long prompt is read; gone before the first of the text. */
  readonly onGeneration: EventSink = (event) => {
    if (event.type === 'prompt' && event.evaluated < event.total) {
      this.show(`reading the prompt ${percent(event.evaluated / event.total)}`);
    } else this.clear();
  };
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}
