import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { painter, visible, wantsColour } from './terminal.js';

const terminal = { isTTY: true };
const pipe = {};

describe('wantsColour', () => {
  it('colours terminals only', () => {
    expect(wantsColour(terminal, {})).toBe(true);
    expect(wantsColour(pipe, {})).toBe(false);
    expect(wantsColour(terminal, { TERM: 'dumb' })).toBe(false);
  });

  it('honours NO_COLOR unless it is empty', () => {
    expect(wantsColour(terminal, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour(terminal, { NO_COLOR: '' })).toBe(true);
  });

  it('lets FORCE_COLOR decide before all', () => {
    expect(wantsColour(pipe, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(true);
    expect(wantsColour(pipe, { FORCE_COLOR: '' })).toBe(true);
    expect(wantsColour(terminal, { FORCE_COLOR: '0' })).toBe(false);
  });
});

describe('painter', () => {
  it('wraps in escape codes or leaves the text alone', () => {
    expect(painter(true)('red', 'x')).toBe('\x1b[31mx\x1b[39m');
    expect(painter(false)('red', 'x')).toBe('x');
  });
});

describe('visible', () => {
  it('spells control characters out', () => {
    expect(visible('a\x1b[2Jb\r\n\t\x07\x7f\x9b')).toBe('a\\x1b[2Jb\\r\\n\\t\\x07\\x7f\\x9b');
    expect(visible('a\n\tb\r', '\n\t')).toBe('a\n\tb\\r');
  });

  it('leaves no control character and keeps every other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/\p{Cc}/u);
        if (!/\p{Cc}/u.test(text)) expect(visible(text)).toBe(text);
      }),
    );
  });
});
