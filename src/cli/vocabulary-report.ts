import { SPECIAL_ROLES, type Vocabulary } from '../engine/backend.js';

/** A model's vocabulary as the kernels understand it: what no key of the file says, they work out from its tokens. */
export interface VocabularyReport {
  readonly type: string;
  readonly size: number;
  readonly addsBos: boolean;
  readonly addsEos: boolean;
  readonly special: readonly { readonly role: string; readonly id: number; readonly text: string }[];
}

export function reportVocabulary(vocabulary: Vocabulary): VocabularyReport {
  const { type, size, addsBos, addsEos } = vocabulary;
  const special = SPECIAL_ROLES.flatMap((role) => {
    const id = vocabulary.special[role];
    return id === undefined ? [] : [{ role, id, text: vocabulary.text(id) }];
  });
  return { type, size, addsBos, addsEos, special };
}
