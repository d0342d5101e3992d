/** Characters that a terminal gives two cells (wide and fullwidth of UAX 11, by blocks), and emoji. */
const WIDE =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{17000}-\u{18CFF}\u{1B000}-\u{1B2FF}\u{1F200}-\u{1F2FF}\u{20000}-\u{3FFFD}]/u;
const NO_CELL = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const ASCII = /^[\x20-\x7E]*$/;

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The characters of a text as people see them, each with its cells in a terminal. */
export function* cellsOf(text: string): Generator<{ readonly character: string; readonly cells: number }> {
  for (const { segment } of characters.segment(text)) {
    yield { character: segment, cells: NO_CELL.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1 };
  }
}

/** How many cells of a terminal a text without control characters takes. Terminals disagree about the rarest emoji. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { cells } of cellsOf(text)) width += cells;
  return width;
}

/** The beginning of a text that fits into so many cells, with an ellipsis where something is left out. */
export function shortened(text: string, room: number): string {
  if (displayWidth(text) <= room) return text;
  let kept = '';
  let width = 1;
  for (const { character, cells } of cellsOf(text)) {
    width += cells;
    if (width > room) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}
