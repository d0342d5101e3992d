import { type Knowledge, TextBooks, type TextBooksOptions } from '../speculative/index.js';

/**
 * The books of a request: of its text, and of what each draft model drafts that is drafted for itself. They are opened when
 * somebody drafts, and last as long as the request, whatever becomes of its drafters meanwhile.
 */
export class DraftingBooks {
  readonly #common: Omit<TextBooksOptions, 'knowledge'>;
  readonly #texts = new Map<Knowledge, TextBooks>();

  constructor(common: Omit<TextBooksOptions, 'knowledge'>) {
    this.#common = common;
  }

  /** Of the passes that this is known of. */
  of(knowledge: Knowledge): TextBooks {
    const books = this.#texts.get(knowledge) ?? new TextBooks({ ...this.#common, knowledge });
    this.#texts.set(knowledge, books);
    return books;
  }

  /** The request is over. Idempotent. */
  close(): void {
    for (const books of this.#texts.values()) books.close();
  }
}
