import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenText } from './token-text.js';

describe('tokenText', () => {
  it('shows text as it is, in any script', () => {
    expect(tokenText(Buffer.from(' größe 目录 😀'))).toBe(' größe 目录 😀');
  });

  it('spells out bytes that are no character and control characters', () => {
    expect(tokenText(Buffer.from([0xf0, 0x9f, 0x98]))).toBe('\\xf0\\x9f\\x98');
    expect(tokenText(Buffer.from([0x61, 0x80, 0x0a, 0x1b]))).toBe('a\\x80\\n\\x1b');
  });

  it('doubles the backslash, so that nothing looks like what it is not', () => {
    expect(tokenText(Buffer.from('\\n'))).toBe('\\\\n');
  });

  it('is one line and tells different tokens apart', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ maxLength: 12 }), (one, other) => {
        expect(tokenText(one)).not.toMatch(/[\r\n]/);
        expect(tokenText(one) === tokenText(other)).toBe(Buffer.compare(one, other) === 0);
      }),
    );
  });
});
