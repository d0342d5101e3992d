import { SPECIAL_ROLES, type SpecialRole } from '../engine/backend.js';
import type { Token } from '../speculative/distribution.js';
import type { PairSide, ReadSide } from './pair-side.js';

/** A tokenizer setting in which the models of a pair differ, in words; `none` where one of them has no such setting. */
export interface MetadataDifference {
  readonly name: string;
  readonly target: string;
  readonly draft: string;
}

const PREFIX = 'tokenizer.ggml.';

/**
 * Names every tokenizer setting in which two models differ: the keys of their files, and what follows for the loaded
 * vocabulary where no key explains it (kernels work out missing settings from the token list). None of it keeps a pair
 * from fitting, since the draft is given the target's tokens and never a tokenisation of its own.
 */
export function compareMetadata(target: ReadSide, draft: ReadSide): MetadataDifference[] {
  const keys = [...new Set([...target.metadata.keys(), ...draft.metadata.keys()])].filter((key) =>
    key.startsWith(PREFIX),
  );
  const byKey = compareAll(keys.sort(), target, draft, keyInWords);
  const unexplained = ['model', 'add_bos', 'add_eos', ...SPECIAL_ROLES].filter(
    (setting) => !byKey.some(({ name }) => name.startsWith(PREFIX + setting)),
  );
  const bySetting = compareAll(unexplained, target, draft, settingInWords);
  const ends = compareAll(['end-of-generation tokens'], target, draft, endsInWords);
  return [...byKey, ...bySetting, ...ends];
}

function compareAll(
  names: readonly string[],
  target: ReadSide,
  draft: ReadSide,
  inWords: (side: ReadSide, name: string) => string,
): MetadataDifference[] {
  return names
    .map((name) => ({ name, target: inWords(target, name), draft: inWords(draft, name) }))
    .filter((difference) => difference.target !== difference.draft);
}

function keyInWords({ metadata, vocabulary }: ReadSide, key: string): string {
  const value = metadata.get(key);
  if (value === undefined) return 'none';
  return key.endsWith('_token_id') ? tokenInWords(vocabulary, Number(value)) : value;
}

function settingInWords({ vocabulary }: ReadSide, setting: string): string {
  if (setting === 'model') return vocabulary.type;
  if (setting === 'add_bos') return String(vocabulary.addsBos);
  if (setting === 'add_eos') return String(vocabulary.addsEos);
  const token = vocabulary.special[setting as SpecialRole];
  return token === undefined ? 'none' : tokenInWords(vocabulary, token);
}

function endsInWords({ vocabulary, tokens }: ReadSide): string {
  const ends = [...tokens.keys()].filter((id) => {
    const kind = tokens[id]?.kind;
    return (kind === 'control' || kind === 'user-defined') && vocabulary.isEndOfGeneration(id);
  });
  return ends.length === 0 ? 'none' : ends.map((id) => tokenInWords(vocabulary, id)).join(', ');
}

function tokenInWords(vocabulary: PairSide['vocabulary'], token: Token): string {
  return token >= 0 && token < vocabulary.size
    ? `${token} ${vocabulary.text(token)}`
    : `${token} (not in the vocabulary)`;
}
