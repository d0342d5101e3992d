/** What of a vocabulary is needed to tokenise a prompt. */
export interface PromptVocabulary {
  readonly addsBos: boolean;
  readonly special: { readonly bos: number | undefined };
  text(token: number): string;
  tokenize(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): number[];
}

/**
 * The tokens of a prompt, with exactly the begin-of-text token that the model wants.
 *
 * Many chat templates write it (`{{ bos_token }}`) and many vocabularies add it as well; models answer worse after two.
 * Where the vocabulary adds it, what the text has of it at its start is taken off; where it does not, the text's own
 * stays. Control tokens spelled out in the text (`<|user|>`) become those tokens.
 */
export function tokenizePrompt(text: string, vocabulary: PromptVocabulary): number[] {
  const { bos } = vocabulary.special;
  let rest = text;
  if (vocabulary.addsBos && bos !== undefined) {
    const bosText = vocabulary.text(bos);
    while (bosText !== '' && rest.startsWith(bosText)) rest = rest.slice(bosText.length);
  }
  return vocabulary.tokenize(rest, { addSpecial: true, parseSpecial: true });
}
