import { SPECIAL_ROLES, type SpecialRole, type TokenKind, type Vocabulary } from '../engine/backend.js';
import { OutriderError } from '../errors.js';
import type { Token } from '../speculative/index.js';
import {
  type Functions,
  LLAMA_TOKEN_ATTR,
  LLAMA_TOKEN_NULL,
  LLAMA_VOCAB_TYPE,
  type Pointer,
} from './abi/v0.5.0/index.js';
import type { Handle } from './handle.js';

/** No token of a known vocabulary is longer; longer ones are asked for twice. */
const PIECE_BYTES = 256;
/** BOS, EOS and the like that `addSpecial` may add to the tokens of a text. */
const SPECIAL_TOKENS_ADDED = 8;

/** The vocabulary of a loaded model; lives as long as the model does. */
export class LlamaVocabulary implements Vocabulary {
  readonly size: number;
  readonly type: string;
  readonly special: Readonly<Record<SpecialRole, Token | undefined>>;
  readonly addsBos: boolean;
  readonly addsEos: boolean;
  readonly #functions: Functions;
  readonly #model: Handle;
  readonly #vocabulary: Pointer;
  readonly #bytes: { readonly plain: (Uint8Array | undefined)[]; readonly rendered: (Uint8Array | undefined)[] };

  constructor(functions: Functions, model: Handle) {
    this.#functions = functions;
    this.#model = model;
    this.#vocabulary = functions.llama_model_get_vocab(model.pointer);
    this.size = functions.llama_vocab_n_tokens(this.#vocabulary);
    this.type = LLAMA_VOCAB_TYPE[functions.llama_vocab_type(this.#vocabulary)] ?? 'unknown';
    this.addsBos = functions.llama_vocab_get_add_bos(this.#vocabulary);
    this.addsEos = functions.llama_vocab_get_add_eos(this.#vocabulary);
    this.special = Object.fromEntries(SPECIAL_ROLES.map((role) => [role, this.#specialToken(role)])) as Record<
      SpecialRole,
      Token | undefined
    >;
    this.#bytes = { plain: new Array(this.size), rendered: new Array(this.size) };
  }

  /** llama_vocab itself, for llama.cpp's own samplers. Not to be kept beyond the model's life. */
  get pointer(): Pointer {
    void this.#model.pointer;
    return this.#vocabulary;
  }

  tokenize(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): Token[] {
    // As bytes with their length: a NUL in the text is text.
    const bytes = Buffer.from(text, 'utf8');
    const { addSpecial, parseSpecial } = options;
    let tokens = new Int32Array(bytes.length + SPECIAL_TOKENS_ADDED);
    const run = () =>
      this.#functions.llama_tokenize(
        this.pointer,
        bytes,
        bytes.length,
        tokens,
        tokens.length,
        addSpecial,
        parseSpecial,
      );
    let count = run();
    // Negative: the count that did not fit. Vocabularies that normalise text can make it longer than its bytes.
    if (count < 0 && count !== MOST_NEGATIVE) {
      tokens = new Int32Array(-count);
      count = run();
    }
    if (count < 0) {
      throw new OutriderError('invalid_argument', `text of ${bytes.length} bytes is too long to tokenize; shorten it`, {
        bytes: bytes.length,
      });
    }
    return Array.from(tokens.subarray(0, count));
  }

  bytes(token: Token, renderSpecial: boolean): Uint8Array {
    const cache = renderSpecial ? this.#bytes.rendered : this.#bytes.plain;
    const known = cache[token];
    if (known) return known;
    const read = this.#piece(this.#checked(token), renderSpecial);
    cache[token] = read;
    return read;
  }

  text(token: Token): string {
    return this.#functions.llama_vocab_get_text(this.pointer, this.#checked(token));
  }

  kind(token: Token): TokenKind {
    const attributes = this.#functions.llama_vocab_get_attr(this.pointer, this.#checked(token));
    const has = (bit: number) => (attributes & bit) !== 0;
    if (has(LLAMA_TOKEN_ATTR.CONTROL)) return 'control';
    if (has(LLAMA_TOKEN_ATTR.BYTE)) return 'byte';
    if (has(LLAMA_TOKEN_ATTR.USER_DEFINED)) return 'user-defined';
    if (has(LLAMA_TOKEN_ATTR.UNKNOWN)) return 'unknown';
    if (has(LLAMA_TOKEN_ATTR.UNUSED)) return 'unused';
    return 'normal';
  }

  isEndOfGeneration(token: Token): boolean {
    return this.#functions.llama_vocab_is_eog(this.pointer, this.#checked(token));
  }

  #piece(token: Token, renderSpecial: boolean): Uint8Array {
    let buffer = new Uint8Array(PIECE_BYTES);
    const run = () =>
      this.#functions.llama_token_to_piece(this.pointer, token, buffer, buffer.length, 0, renderSpecial);
    let length = run();
    if (length < 0) {
      buffer = new Uint8Array(-length);
      length = run();
    }
    return buffer.slice(0, length);
  }

  /** A token outside the vocabulary ends the process in native code. */
  #checked(token: Token): Token {
    if (Number.isInteger(token) && token >= 0 && token < this.size) return token;
    throw new OutriderError(
      'invalid_argument',
      `token ${token} is not in the vocabulary: expected 0..${this.size - 1}`,
      {
        token,
        size: this.size,
      },
    );
  }

  #specialToken(role: SpecialRole): Token | undefined {
    const token = this.#functions[`llama_vocab_${role}`](this.#vocabulary);
    return token === LLAMA_TOKEN_NULL ? undefined : token;
  }
}

/** llama_tokenize's answer when even the count does not fit an int. */
const MOST_NEGATIVE = -(2 ** 31);
