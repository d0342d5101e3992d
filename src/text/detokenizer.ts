/**
 * Bytes of tokens in, whole characters out. A token may end inside a character, so up to three bytes wait for the next
 * one. Malformed input never throws: it becomes U+FFFD as in the Encoding Standard, one for each maximal part of a
 * character that came to nothing, and so never more than one for each stray byte.
 *
 * Leading spaces are kept. A sentencepiece token such as `▁Paris` is the bytes ` Paris`, and what is generated goes on
 * from the prompt's last character: its first space belongs to the text.
 */
export class Detokenizer {
  // ignoreBOM: a generated U+FEFF is a character of the text; without it the decoder would swallow the first one.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** The characters that `bytes` completes; an incomplete tail is held for the next call. */
  push(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true });
  }

  /** The end of the text: what is still held, as U+FFFD. The detokenizer is as new afterwards. */
  flush(): string {
    return this.#decoder.decode();
  }
}
