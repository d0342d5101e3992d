import { displayWidth } from './display-width.js';
import type { Paint, Style } from './terminal.js';

/** A cell; its colour does not count towards its width. */
export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

/** Lines of a table: the first `leading` columns to the left, figures to the right. */
export function aligned(rows: readonly (readonly Cell[])[], paint: Paint, leading = 1): string[] {
  const columns =
    rows[0]?.map((_, column) => Math.max(...rows.map((cells) => displayWidth(cells[column]!.text)))) ?? [];
  return rows.map((cells) =>
    cells
      .map(({ text, style }, column) => {
        const gap = ' '.repeat(columns[column]! - displayWidth(text));
        const padded = column < leading ? text + gap : gap + text;
        return style === undefined ? padded : paint(style, padded);
      })
      .join('  ')
      .trimEnd(),
  );
}
