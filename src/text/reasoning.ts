/**
 * Tells a model's reasoning from its answer: `<think>...</think>` before it. Works on text as it comes; what might be part
 * of a tag is held back until it is known.
 */

const OPEN = '<think>';
const CLOSE = '</think>';

/** A piece of text of one kind. */
export interface ReasoningPiece {
  readonly kind: 'reasoning' | 'answer';
  readonly text: string;
}

/** Where a text stands; in `opened` and `between` the tag is read and nothing visible came behind it. */
type Phase = 'start' | 'opened' | 'reasoning' | 'between' | 'answer';

/** Splits one text. Tags behind the beginning of the answer are part of it: a model may write about them. */
export class ReasoningSplitter {
  #phase: Phase;
  #held = '';

  /** @param opened the prompt ends with `<think>`, so that the text begins inside the reasoning */
  constructor(opened: boolean) {
    this.#phase = opened ? 'opened' : 'start';
  }

  get inReasoning(): boolean {
    return this.#phase === 'reasoning' || this.#phase === 'opened';
  }

  /** The pieces that are certain now, without empty ones. */
  add(text: string): readonly ReasoningPiece[] {
    this.#held += text;
    return joined([...this.#advance()]);
  }

  /** What was still held back, when the text is over. */
  end(): readonly ReasoningPiece[] {
    const text = this.#held;
    this.#held = '';
    if (text === '' || this.#phase === 'between' || this.#phase === 'opened') return [];
    return [{ kind: this.#phase === 'reasoning' ? 'reasoning' : 'answer', text }];
  }

  *#advance(): Generator<ReasoningPiece> {
    for (;;) {
      const before = this.#phase;
      yield* this.#step();
      if (this.#phase === before) return;
    }
  }

  *#step(): Generator<ReasoningPiece> {
    switch (this.#phase) {
      case 'start': {
        const visible = this.#held.trimStart();
        if (visible.startsWith(OPEN)) this.#enter('opened', visible.slice(OPEN.length));
        else if (!OPEN.startsWith(visible)) this.#enter('answer', this.#held);
        return;
      }
      case 'reasoning': {
        const close = this.#held.indexOf(CLOSE);
        const certain = close >= 0 ? close : this.#held.length - lengthOfBeginning(this.#held, CLOSE);
        yield { kind: 'reasoning', text: this.#held.slice(0, certain) };
        if (close >= 0) this.#enter('between', this.#held.slice(close + CLOSE.length));
        else this.#held = this.#held.slice(certain);
        return;
      }
      case 'opened':
      case 'between': {
        const visible = this.#held.trimStart();
        if (visible !== '') this.#enter(this.#phase === 'opened' ? 'reasoning' : 'answer', visible);
        return;
      }
      case 'answer':
        yield { kind: 'answer', text: this.#held };
        this.#held = '';
    }
  }

  #enter(phase: Phase, rest: string): void {
    this.#phase = phase;
    this.#held = rest;
  }
}

/** How long the longest end of `text` is with which `tag` begins, `tag` itself aside. */
function lengthOfBeginning(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}

/** Neighbours of one kind as one piece, empty ones left out. */
function joined(pieces: readonly ReasoningPiece[]): ReasoningPiece[] {
  const result: ReasoningPiece[] = [];
  for (const { kind, text } of pieces) {
    const last = result.at(-1);
    if (text === '') continue;
    if (last?.kind === kind) result[result.length - 1] = { kind, text: last.text + text };
    else result.push({ kind, text });
  }
  return result;
}

/** Whether a prompt ends inside a reasoning that its answer goes on with. */
export function opensReasoning(prompt: string): boolean {
  return prompt.trimEnd().endsWith(OPEN);
}
