import type { Token } from '../../speculative/index.js';
import type { SpecialRole, TokenKind, Vocabulary } from '../backend.js';

/** Ids of the tokens that every fake vocabulary begins with. */
export const FAKE = { unknown: 0, bos: 1, eos: 2, end: 3, user: 4, assistant: 5, firstByte: 6 } as const;

const SPECIALS = ['<unk>', '<s>', '</s>', '<|end|>', '<|user|>', '<|assistant|>'];

/** Some texts of one token: letters, words, and characters of two to four bytes. */
export const PIECES: readonly string[] = [
  ...'abcdefghijklmnopqrstuvwxyz0123456789',
  ...[' ', '\n', '.', ' the', ' a', ' and', 'ing', ' end', 'ü', 'é', '…', '😀'],
];

interface Entry {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly kind: TokenKind;
}

/** A vocabulary as sentencepiece makes them, small: special tokens, a token for each byte, then pieces of text. */
export class FakeVocabulary implements Vocabulary {
  readonly size: number;
  readonly type = 'spm';
  readonly special: Readonly<Record<SpecialRole, Token | undefined>>;
  readonly addsBos = true;
  readonly addsEos = false;
  readonly #entries: readonly Entry[];
  /** Normal pieces, longest first. */
  readonly #pieces: readonly Token[];
  #closed = false;

  /** @param pieces the tokens from id 262 on; the same text twice is allowed, the first is what is written */
  constructor(pieces: readonly string[] = PIECES) {
    const encoder = new TextEncoder();
    const special = SPECIALS.map((text, id): Entry => {
      return { text, bytes: encoder.encode(text), kind: id === FAKE.unknown ? 'unknown' : 'control' };
    });
    const bytes = Array.from({ length: 256 }, (_, byte): Entry => {
      const text = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
      return { text, bytes: Uint8Array.of(byte), kind: 'byte' };
    });
    const normal = pieces.map((text): Entry => ({ text, bytes: encoder.encode(text), kind: 'normal' }));
    this.#entries = [...special, ...bytes, ...normal];
    this.size = this.#entries.length;
    this.#pieces = pieces
      .map((_, i) => special.length + bytes.length + i)
      .sort((a, b) => this.#entry(b).bytes.length - this.#entry(a).bytes.length);
    this.special = { ...NO_ROLES, bos: FAKE.bos, eos: FAKE.eos, eot: FAKE.end, nl: this.tokenOf('\n') };
  }

  /** The token of a text that is one token. */
  tokenOf(text: string): Token | undefined {
    const token = this.#entries.findIndex((entry) => entry.text === text);
    return token < 0 ? undefined : token;
  }

  tokenize(text: string, { addSpecial, parseSpecial }: { addSpecial: boolean; parseSpecial: boolean }): Token[] {
    const tokens: Token[] = addSpecial ? [FAKE.bos] : [];
    const bytes = new TextEncoder().encode(text);
    const candidates = [...(parseSpecial ? SPECIALS.keys() : []), ...this.#pieces];
    const matches = (token: Token, at: number): boolean =>
      this.#entry(token).bytes.every((b, i) => bytes[at + i] === b);
    for (let at = 0; at < bytes.length; ) {
      const token = candidates.find((candidate) => matches(candidate, at)) ?? FAKE.firstByte + bytes[at]!;
      tokens.push(token);
      at += this.#entry(token).bytes.length;
    }
    return tokens;
  }

  bytes(token: Token, renderSpecial: boolean): Uint8Array {
    const { bytes, kind } = this.#entry(token);
    return kind === 'control' && !renderSpecial ? NO_BYTES : bytes;
  }

  text(token: Token): string {
    return this.#entry(token).text;
  }

  kind(token: Token): TokenKind {
    return this.#entry(token).kind;
  }

  isEndOfGeneration(token: Token): boolean {
    void this.#entry(token);
    return token === FAKE.eos || token === FAKE.end;
  }

  /** The end of its model: whoever asks anything afterwards would read freed memory. */
  close(): void {
    this.#closed = true;
  }

  #entry(token: Token): Entry {
    if (this.#closed) throw new Error('fake vocabulary: its model is closed');
    const entry = this.#entries[token];
    if (entry === undefined) throw new Error(`fake vocabulary: token ${token} is not in 0..${this.size - 1}`);
    return entry;
  }
}

const NO_BYTES = new Uint8Array(0);
const NO_ROLES = {
  bos: undefined,
  eos: undefined,
  eot: undefined,
  sep: undefined,
  nl: undefined,
  pad: undefined,
  mask: undefined,
  fim_pre: undefined,
  fim_suf: undefined,
  fim_mid: undefined,
  fim_pad: undefined,
  fim_rep: undefined,
  fim_sep: undefined,
};
