import type { Token } from '../distribution.js';
import type { Row, Sequence } from '../sequence.js';
import type { TabularModel } from './tabular-model.js';

/** A timeline of a tabular model that enforces what `Sequence` demands of its user, and throws where it is broken. */
export class TabularSequence implements Sequence {
  readonly capacity: number;
  /** The prefix that each evaluated token ended, itself included, in order of evaluation. */
  readonly evaluated: string[] = [];
  readonly #model: TabularModel;
  #tokens: Token[] = [];
  #state: 'idle' | 'evaluating' | 'closed' = 'idle';

  constructor(model: TabularModel, capacity = 64) {
    this.#model = model;
    this.capacity = capacity;
  }

  get length(): number {
    return this.#tokens.length;
  }

  get tokens(): readonly Token[] {
    return this.#tokens;
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  async evaluate<T>(tokens: readonly Token[], rows: number, read: (rows: readonly Row[]) => T): Promise<T> {
    this.#demand(this.#state === 'idle', `evaluate while ${this.#state}`);
    this.#demand(tokens.length > 0, 'evaluate without tokens');
    this.#demand(
      Number.isInteger(rows) && rows >= 0 && rows <= tokens.length,
      `${rows} rows of ${tokens.length} tokens`,
    );
    this.#demand(this.length + tokens.length <= this.capacity, `more than ${this.capacity} tokens`);
    for (const token of tokens) {
      this.#demand(Number.isInteger(token) && token >= 0 && token < this.#model.vocabulary, `token ${token}`);
    }
    const before = this.length;
    this.#state = 'evaluating';
    await Promise.resolve();
    const lent: Row[] = [];
    try {
      tokens.forEach((token, i) => {
        this.#tokens.push(token);
        this.evaluated.push(this.#tokens.join(' '));
        if (i >= tokens.length - rows) lent.push(this.#model.logits(this.#tokens).slice());
      });
      return read(lent);
    } catch (error) {
      this.#tokens.length = before;
      throw error;
    } finally {
      for (const row of lent) row.fill(Number.NaN);
      this.#state = 'idle';
    }
  }

  rewind(length: number): void {
    this.#demand(this.#state === 'idle', `rewind while ${this.#state}`);
    this.#demand(
      Number.isInteger(length) && length >= 0 && length <= this.length,
      `rewind ${this.length} to ${length}`,
    );
    this.#tokens.length = length;
  }

  close(): void {
    this.#demand(this.#state !== 'evaluating', 'close while evaluating');
    this.#state = 'closed';
  }

  #demand(held: boolean, breach: string): void {
    if (!held) throw new Error(`sequence contract: ${breach}`);
  }
}
