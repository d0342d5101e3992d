const ESCAPE = '\x1b';
const COLOUR = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g');
const PIECE = new RegExp(`${ESCAPE}\\[(\\d*)([A-Z])|[^]`, 'gu');

/** What a terminal of unlimited height shows of a program's output: lines without colours and spaces at their ends. */
export function screen(output: string): string[] {
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;
  // Colours are taken out first, so that the orders for the cursor are all that is left.
  const plain = output.replaceAll(COLOUR, '');
  for (const [piece, count, order] of plain.matchAll(PIECE)) {
    if (order === 'A') row -= Number(count);
    else if (order === 'G') column = Number(count) - 1;
    else if (order === 'K' || order === 'J') {
      lines[row]!.length = Math.min(lines[row]!.length, column);
      if (order === 'J') lines.length = row + 1;
    } else if (order !== undefined) throw new Error(`the screen does not know ${JSON.stringify(piece)}`);
    else if (piece === '\n') {
      row += 1;
      column = 0;
      lines[row] ??= [];
    } else if (piece === '\r') column = 0;
    else lines[row]![column++] = piece;
    if (row < 0) throw new Error('the cursor left the screen');
  }
  return lines.map((line) =>
    Array.from(line, (cell) => cell ?? ' ')
      .join('')
      .trimEnd(),
  );
}
