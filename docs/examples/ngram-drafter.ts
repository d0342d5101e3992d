import type { Draft, Drafter, DraftRequest, Token } from 'outrider';

/** Proposes what followed the last `size` tokens when they stood in the text before: copies, lists, code, quotations. */
export class NgramDrafter implements Drafter {
  readonly name = 'n-gram';
  readonly #size: number;

  constructor(size = 3) {
    this.#size = size;
  }

  async propose({ context, length }: DraftRequest): Promise<Draft> {
    const tokens: Token[] = [];
    const confidences: number[] = [];
    let source = this.#findContinuation(context);
    while (source < context.length && length.wants(confidences) && length.admits(1)) {
      tokens.push(context[source]!);
      confidences.push(1);
      source += 1;
    }
    return { tokens, confidences };
  }

  /** It learns nothing: every proposal is read off the text. */
  observe(): void {}

  close(): void {}

  /** The position behind the latest earlier occurrence of the last tokens, or the end of the text. */
  #findContinuation(context: readonly Token[]): number {
    const last = context.slice(-this.#size);
    for (let start = context.length - this.#size - 1; start >= 0; start--) {
      if (last.every((token, i) => context[start + i] === token)) return start + this.#size;
    }
    return context.length;
  }
}
