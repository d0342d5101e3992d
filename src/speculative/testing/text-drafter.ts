import type { Token } from '../distribution.js';
import type { Draft, Drafter, DraftRequest } from '../drafter.js';

/**
 * Proposes the tokens of a given text (prompt included) by position, whatever the context says. Given the text that the
 * target is going to write, everything is accepted; given one that differs everywhere, nothing is.
 */
export class TextDrafter implements Drafter {
  readonly name = 'text';
  readonly #text: readonly Token[];

  constructor(text: readonly Token[]) {
    this.#text = text;
  }

  async propose({ context, length }: DraftRequest): Promise<Draft> {
    const tokens: Token[] = [];
    const confidences: number[] = [];
    while (context.length + tokens.length < this.#text.length && length.wants(confidences) && length.admits(1)) {
      tokens.push(this.#text[context.length + tokens.length]!);
      confidences.push(1);
    }
    return { tokens, confidences };
  }

  observe(): void {}

  close(): void {}
}
