import { describe, expect, it } from 'vitest';
import { isNestedTooDeep, MAX_NESTING } from './json-nesting.js';

const lists = (depth: number, within = ''): string => '['.repeat(depth) + within + ']'.repeat(depth);
const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('the nesting of JSON', () => {
  it.each([lists, objects])('may have so many levels and not one more', (nested) => {
    expect(isNestedTooDeep(nested(MAX_NESTING))).toBe(false);
    expect(isNestedTooDeep(nested(MAX_NESTING + 1))).toBe(true);
  });

  it('counts levels within each other, not brackets', () => {
    expect(
      isNestedTooDeep(
        `[${Array(1000)
          .fill(lists(MAX_NESTING - 1))
          .join()}]`,
      ),
    ).toBe(false);
  });

  it('counts nothing within strings, whatever is escaped there', () => {
    for (const text of ['['.repeat(1000), `"${'['.repeat(1000)}`, `\\"${'{'.repeat(1000)}`]) {
      const string = JSON.stringify(text);
      expect(isNestedTooDeep(string)).toBe(false);
      expect(isNestedTooDeep(lists(MAX_NESTING, string))).toBe(false);
      expect(isNestedTooDeep(lists(MAX_NESTING, `${string}, []`))).toBe(true);
    }
    expect(isNestedTooDeep(`["\\\\", ${lists(MAX_NESTING)}]`)).toBe(true);
  });
});
