const OPEN = '<think>';
const CLOSE = '</think>';

/** A model's text, its reasoning apart from its answer. */
export interface Parts {
  readonly reasoning: string;
  readonly answer: string;
  /** The reasoning is not over yet. */
  readonly thinking: boolean;
}

/** @param opened the text begins inside the reasoning, whose opening tag is the prompt's */
export function partsOf(text: string, opened: boolean): Parts {
  const visible = text.trimStart();
  const tagged = visible.startsWith(OPEN);
  if (!tagged && !opened) {
    // What may become the tag is not shown as an answer first.
    const begins = visible !== '' && OPEN.startsWith(visible);
    return { reasoning: '', answer: begins ? '' : text, thinking: begins };
  }
  const body = tagged ? visible.slice(OPEN.length) : text;
  const end = body.indexOf(CLOSE);
  if (end < 0) return { reasoning: body.trim(), answer: '', thinking: true };
  return { reasoning: body.slice(0, end).trim(), answer: body.slice(end + CLOSE.length).trimStart(), thinking: false };
}
