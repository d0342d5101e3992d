/** Levels of lists and objects within each other that JSON from outside may have: whatever walks it later recurses. */
export const MAX_NESTING = 100;

const CODES = {
  backslash: '\\'.charCodeAt(0),
  quote: '"'.charCodeAt(0),
  openList: '['.charCodeAt(0),
  openObject: '{'.charCodeAt(0),
  closeList: ']'.charCodeAt(0),
  closeObject: '}'.charCodeAt(0),
} as const;

/** Whether a text of JSON has more than `MAX_NESTING` levels; takes linear time and does not recurse. */
export function isNestedTooDeep(json: string): boolean {
  let level = 0;
  let isWithinString = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (isWithinString) {
      if (code === CODES.backslash) i += 1;
      else if (code === CODES.quote) isWithinString = false;
    } else if (code === CODES.quote) isWithinString = true;
    else if (code === CODES.openList || code === CODES.openObject) {
      level += 1;
      if (level > MAX_NESTING) return true;
    } else if (code === CODES.closeList || code === CODES.closeObject) level -= 1;
  }
  return false;
}
