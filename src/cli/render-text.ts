import type { GenerationEvent, TextOrigin } from '../engine/events.js';
import type { EventSink } from './event-sink.js';
import type { Output } from './output.js';
import { type Paint, type Style, visible } from './terminal.js';

/** Accepted drafts in the colour of success; what the target had to say itself stands out. `plain` stays uncoloured. */
const STYLES: Readonly<Record<TextOrigin, Style | undefined>> = {
  accepted: 'green',
  escalated: 'green',
  recovered: 'red',
  bonus: 'cyan',
  plain: undefined,
};

/** The text alone, byte for byte, for files and pipes. */
export function renderPlainText(output: Output): EventSink {
  return async (event) => {
    if (event.type === 'text') await output.write(event.text);
  };
}

export interface TerminalTextOptions {
  readonly paint: Paint;
  /** `live`: as it comes. `whole`: all at the end, where lines about the rounds come in between. */
  readonly when: 'live' | 'whole';
}

/** The text for a terminal: coloured by where it comes from, control characters made visible, a line end at the end. */
export function renderTerminalText(output: Output, { paint, when }: TerminalTextOptions): EventSink {
  let held = '';
  let column = 0;
  const show = async (event: GenerationEvent): Promise<void> => {
    if (event.type === 'text') {
      const style = STYLES[event.origin];
      const text = visible(event.text, '\n\t');
      column = text.endsWith('\n') ? 0 : 1;
      held += style === undefined ? text : paint(style, text);
    }
    const last = event.type === 'finish' || event.type === 'error';
    if (last && column > 0) held += '\n';
    if (held !== '' && (last || when === 'live')) {
      await output.write(held);
      held = '';
    }
  };
  return show;
}
