const FIRST_GUESS_BYTES = 1024;

/**
 * Reads text from a C function that writes into a buffer, ends it with NUL and returns the length that the whole text
 * has, as snprintf does. Asks again when the first buffer was too small. A negative answer is an empty text.
 */
export function readText(write: (buffer: Uint8Array, size: number) => number): string {
  let buffer = new Uint8Array(FIRST_GUESS_BYTES);
  let length = write(buffer, buffer.length);
  if (length >= buffer.length) {
    buffer = new Uint8Array(length + 1);
    length = write(buffer, buffer.length);
  }
  return Buffer.from(buffer.buffer, 0, Math.max(0, length)).toString('utf8');
}
