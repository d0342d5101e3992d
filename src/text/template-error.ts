/**
 * Why a chat template gave no prompt.
 * - `refused`: it raised an exception of its own, such as "roles must alternate"; `words` are the template's.
 * - `broken`: it cannot be read, or does what the interpreter does not know; `words` say what.
 * - `endless`: it does more work than any chat template needs.
 */
export type TemplateFailure = 'refused' | 'broken' | 'endless';

/** A chat template that gave no prompt; `message` is one line that holds the words of the template or interpreter. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly failure: TemplateFailure;
  readonly words: string;

  constructor(failure: TemplateFailure, words: string) {
    const oneLine = words.replace(/\s+/g, ' ').trim();
    super(`${PREFIXES[failure]}: ${oneLine}`);
    this.failure = failure;
    this.words = oneLine;
  }
}

const PREFIXES: Readonly<Record<TemplateFailure, string>> = {
  refused: 'the chat template refuses these messages',
  broken: 'the chat template cannot be rendered',
  endless: 'the chat template does not come to an end',
};
