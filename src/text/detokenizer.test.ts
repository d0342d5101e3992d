import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Detokenizer } from './detokenizer.js';

/** The bytes of `bytes`, cut at random places: what tokens do to characters. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let start = 0;
  for (let turn = 0; start < bytes.length; turn += 1) {
    const end = start + (sizes[turn % sizes.length] ?? 1);
    chunks.push(bytes.subarray(start, end));
    start = end;
  }
  return chunks;
}

function detokenize(chunks: readonly Uint8Array[]): string {
  const detokenizer = new Detokenizer();
  return chunks.map((chunk) => detokenizer.push(chunk)).join('') + detokenizer.flush();
}

/** Malformed UTF-8 decoded by the rules of the Unicode Standard, table 3-7 and "maximal subpart", slowly. */
function decodeSlowly(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    let length = 1;
    while (length < 4 && at + length < bytes.length && isPrefix(bytes.subarray(at, at + length + 1))) length += 1;
    const part = bytes.subarray(at, at + length);
    text += isCharacter(part) ? Buffer.from(part).toString('utf8') : '\ufffd';
    at += length;
  }
  return text;
}

function isCharacter(part: Uint8Array): boolean {
  const text = Buffer.from(part).toString('utf8');
  return [...text].length === 1 && Buffer.from(text).equals(part);
}

/** Whether some character begins with these bytes: tried with the two extreme fillings of what is missing. */
function isPrefix(part: Uint8Array): boolean {
  for (let length = part.length; length <= 4; length += 1) {
    for (const second of [0x80, 0x90, 0x9f, 0xa0, 0xbf]) {
      const candidate = new Uint8Array(length).fill(0x80);
      if (length > 1) candidate[1] = second;
      candidate.set(part);
      if (isCharacter(candidate)) return true;
    }
  }
  return false;
}

const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });

describe('Detokenizer', () => {
  it('gives any text back whatever the token borders', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), sizes, (text, sizes) => {
        expect(detokenize(cut(Buffer.from(text), sizes))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('replaces malformed bytes as the Unicode Standard says', () => {
    const byte = fc.constantFrom(0x41, 0x80, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc3, 0xe0, 0xe2, 0xed, 0xf0, 0xf4, 0xf5);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.array(byte, { maxLength: 12 }), sizes, (any, likely, sizes) => {
        for (const bytes of [any, Uint8Array.from(likely)]) {
          expect(detokenize(cut(bytes, sizes))).toBe(decodeSlowly(bytes));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('never emits half a character and never holds a whole one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), sizes, (text, sizes) => {
        const detokenizer = new Detokenizer();
        const seen: number[] = [];
        let emitted = '';
        for (const chunk of cut(Buffer.from(text), sizes)) {
          emitted += detokenizer.push(chunk);
          seen.push(...chunk);
          expect(text.startsWith(emitted)).toBe(true);
          const held = seen.length - Buffer.byteLength(emitted);
          expect(held).toBeLessThanOrEqual(3);
          expect(isCharacter(Uint8Array.from(seen.slice(seen.length - held)))).toBe(false);
        }
      }),
    );
  });

  it('turns the rest into U+FFFD at the end and starts anew', () => {
    const detokenizer = new Detokenizer();
    expect(detokenizer.push(Uint8Array.of(0x41, 0xf0, 0x9f, 0x98))).toBe('A');
    expect(detokenizer.flush()).toBe('\ufffd');
    expect(detokenizer.flush()).toBe('');
    expect(detokenizer.push(Uint8Array.of(0x80))).toBe('\ufffd');
  });

  it('keeps a leading space and a leading byte order mark', () => {
    expect(detokenize([Buffer.from(' Paris')])).toBe(' Paris');
    expect(detokenize([Buffer.from('\ufeffx')])).toBe('\ufeffx');
  });
});
