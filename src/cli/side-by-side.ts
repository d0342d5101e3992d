import type { Side } from '../engine/comparison/events.js';
import { displayWidth, shortened } from './display-width.js';
import { LineWrapper } from './line-wrapper.js';
import type { Output } from './output.js';
import { type Paint, visible } from './terminal.js';

/** Narrower than this, two columns are no pleasure to read. */
export const LEAST_COLUMNS = 100;
const SEPARATOR = ' │ ';
/** Milliseconds between two drawings of lines that still change. */
const REDRAW_MS = 40;
/** Lines of the screen that are left alone: the cursor's own, and one in reserve. */
const SPARE_LINES = 2;

export interface SideBySideOptions {
  /** Of the terminal. */
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/**
 * Two texts in two columns of a terminal while both are written. Lines to which neither side can add any more are printed
 * for good and scroll away; only those below are drawn again, and never more of them than the screen holds, so that a side
 * that is far ahead waits there for the other one.
 */
export class SideBySide {
  readonly #output: Output;
  readonly #options: SideBySideOptions;
  readonly #width: number;
  readonly #columns: Readonly<Record<Side, LineWrapper>>;
  readonly #ended = new Set<Side>();
  /** Lines that are printed for good, and those below them that are drawn. */
  #printed = 0;
  #drawn = 0;
  #lastDrawing = Number.NEGATIVE_INFINITY;

  constructor(output: Output, options: SideBySideOptions) {
    this.#output = output;
    this.#options = options;
    this.#width = Math.floor((options.columns - 1 - SEPARATOR.length) / 2);
    this.#columns = { main: new LineWrapper(this.#width), draft: new LineWrapper(this.#width) };
  }

  async begin(heads: Readonly<Record<Side, string>>): Promise<void> {
    const { paint } = this.#options;
    const head = (side: Side): string => shortened(visible(heads[side]), this.#width);
    const rule = `${'─'.repeat(this.#width)}─┼─${'─'.repeat(this.#width)}`;
    await this.#output.write(`${paint('bold', this.#row(head('main'), head('draft')))}\n${paint('dim', rule)}\n`);
  }

  async add(side: Side, text: string): Promise<void> {
    this.#columns[side].push(visible(text.replaceAll('\t', '    '), '\n'));
    if (this.#options.now() - this.#lastDrawing >= REDRAW_MS) await this.#draw();
  }

  /** A side has said all it says. */
  async end(side: Side): Promise<void> {
    this.#ended.add(side);
    await this.#draw();
  }

  async #draw(): Promise<void> {
    this.#lastDrawing = this.#options.now();
    const { main, draft } = this.#columns;
    const [left, right] = [main.lines, draft.lines];
    const count = Math.max(left.length, right.length);
    const settled = Math.min(count, this.#settledOf('main'), this.#settledOf('draft'));
    const drawn = Math.min(count, settled + Math.max(1, this.#options.rows - SPARE_LINES));
    let text = this.#drawn > 0 ? `\x1b[${this.#drawn}A\r\x1b[J` : '';
    for (let i = this.#printed; i < drawn; i++) text += `${this.#row(left[i] ?? '', right[i] ?? '')}\n`;
    this.#printed = settled;
    this.#drawn = drawn - settled;
    await this.#output.write(text);
  }

  #settledOf(side: Side): number {
    return this.#ended.has(side) ? Number.POSITIVE_INFINITY : this.#columns[side].settled.length;
  }

  #row(left: string, right: string): string {
    const gap = ' '.repeat(Math.max(0, this.#width - displayWidth(left)));
    return `${left}${gap}${this.#options.paint('dim', SEPARATOR)}${right}`.trimEnd();
  }
}
