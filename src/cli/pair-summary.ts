import type { Model } from '../engine/backend.js';
import { comparePair, type PairReport } from '../models/pair.js';
import { pairAdvice } from '../models/pair-advice.js';

/** How two models go together as target and draft, as JSON has it. */
export interface PairSummary
  extends Pick<
    PairReport,
    | 'sharedIds'
    | 'equalIds'
    | 'differing'
    | 'onlyTarget'
    | 'onlyDraft'
    | 'movedTokens'
    | 'roleMap'
    | 'metadataDifferences'
  > {
  readonly fits: boolean;
  /** Why they do not fit. */
  readonly reason: string | null;
  /** Draft tokens without a counterpart, which are never proposed. */
  readonly maskedTokens: number;
  readonly sameArchitecture: boolean;
  /** How many times larger the target's weights are. */
  readonly sizeRatio: number;
  /** What to expect, in sentences. */
  readonly advice: readonly string[];
}

export type PairedModel = Pick<Model, 'vocabulary' | 'metadata' | 'architecture' | 'sizeBytes'>;

export function summarisePair(target: PairedModel, draft: PairedModel): PairSummary {
  const { verdict, masked, toDraft: _, toTarget: __, ...counts } = comparePair(target, draft);
  return {
    fits: verdict.fits,
    reason: verdict.fits ? null : verdict.reason,
    ...counts,
    maskedTokens: masked.length,
    sameArchitecture: target.architecture === draft.architecture,
    sizeRatio: target.sizeBytes / draft.sizeBytes,
    advice: pairAdvice(target, draft),
  };
}
