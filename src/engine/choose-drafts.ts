import { OutriderError } from '../errors.js';
import { comparePair, type PairReport } from '../models/pair.js';
import type { Model } from './backend.js';
import { modelName } from './loaded-model.js';

/** A model that may draft for a target, and how their vocabularies correspond. */
export interface ChosenDraft {
  readonly model: Model;
  readonly pair: PairReport;
}

export interface DraftChoice {
  /** The largest first, since a smaller one may draft for it. */
  readonly chosen: readonly ChosenDraft[];
  /** Those that do not fit, and why, for people. */
  readonly leftOut: readonly { readonly model: Model; readonly note: string }[];
}

/**
 * The drafts that fit a target.
 * @param optional go on without those that do not
 * @throws OutriderError vocab_mismatch for one that does not, unless it is optional
 */
export function chooseDrafts(target: Model, drafts: readonly Model[], optional: boolean): DraftChoice {
  const chosen: ChosenDraft[] = [];
  const leftOut: { readonly model: Model; readonly note: string }[] = [];
  for (const model of drafts) {
    const pair = comparePair(target, model);
    const reason = reasonAgainst(target, model, pair);
    if (reason === undefined) {
      chosen.push({ model, pair });
      continue;
    }
    const names = `${modelName(model.path)} as a draft for ${modelName(target.path)}`;
    if (!optional) {
      throw new OutriderError('vocab_mismatch', `${names}: ${reason} (--draft-optional goes on without it)`);
    }
    leftOut.push({ model, note: `${names}: ${reason}; going on without it` });
  }
  return { chosen: chosen.sort((a, b) => b.model.sizeBytes - a.model.sizeBytes), leftOut };
}

function reasonAgainst(target: Model, draft: Model, { verdict }: PairReport): string | undefined {
  if (!verdict.fits) return verdict.reason;
  const canTrim = target.canTrim && draft.canTrim;
  return canTrim ? undefined : 'a recurrent or hybrid cache cannot drop rejected tokens';
}
