import { cellsOf, displayWidth } from './display-width.js';

/** Breaks a text that is still growing into lines of a terminal, at spaces where it has any. */
export class LineWrapper {
  /** Lines that nothing more can change. */
  readonly settled: string[] = [];
  readonly #width: number;
  #last = '';

  /** @param width cells of a line, at least 2 */
  constructor(width: number) {
    this.#width = width;
  }

  /** All lines, the one that is being written included. */
  get lines(): readonly string[] {
    return this.#last === '' ? this.settled : [...this.settled, this.#last];
  }

  push(text: string): void {
    const paragraphs = (this.#last + text).split('\n');
    const last = paragraphs.pop()!;
    for (const paragraph of paragraphs) this.settled.push(this.#fill(paragraph));
    this.#last = this.#fill(last);
  }

  /** Settles the lines that a paragraph fills, and returns what is left of it. */
  #fill(paragraph: string): string {
    let rest = paragraph;
    while (displayWidth(rest) > this.#width) {
      const { line, behind } = this.#split(rest);
      this.settled.push(line);
      rest = behind;
    }
    return rest;
  }

  /** Breaks at the last space that the line reaches; within a word where it has none. */
  #split(text: string): { readonly line: string; readonly behind: string } {
    let room = this.#width;
    let end = 0;
    let space = -1;
    for (const { character, cells } of cellsOf(text)) {
      if (character === ' ') space = end;
      room -= cells;
      if (room < 0) break;
      end += character.length;
    }
    if (space > 0) return { line: text.slice(0, space), behind: text.slice(space + 1) };
    return { line: text.slice(0, end), behind: text.slice(end) };
  }
}
