import { isUtf8 } from 'node:buffer';
import { visible } from './terminal.js';

/**
 * A token's bytes on one line: text where they are text, `\xf0` for a byte that belongs to no whole character, control
 * characters spelled out, the backslash doubled.
 */
export function tokenText(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const length = characterLength(bytes.subarray(i));
    if (length === 0) text += `\\x${bytes[i++]!.toString(16).padStart(2, '0')}`;
    else {
      const character = Buffer.from(bytes.subarray(i, i + length)).toString('utf8');
      text += character === '\\' ? '\\\\' : visible(character);
      i += length;
    }
  }
  return text;
}

/** Bytes of the whole UTF-8 character with which `bytes` begin; 0 where there is none. */
function characterLength(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(4, bytes.length); length++) {
    if (isUtf8(bytes.subarray(0, length))) return length;
  }
  return 0;
}
