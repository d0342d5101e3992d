import type { Model } from '../engine/backend.js';

/** What of a model decides how well it drafts, beside its vocabulary. */
export type AdvisedModel = Pick<Model, 'architecture' | 'sizeBytes'>;

/**
 * How many times larger than its draft a target should be. A pass costs about as much as the bytes it reads: a draft
 * above a tenth of the target makes every proposed token dear, one below a twentieth agrees too seldom.
 */
const ADVISED_RATIO = { least: 10, most: 20 } as const;

/** What to expect of a pair from the sizes and architectures of its models, as sentences. Never a reason to refuse it. */
export function pairAdvice(target: AdvisedModel, draft: AdvisedModel): string[] {
  return [sizeAdvice(target.sizeBytes / draft.sizeBytes), architectureAdvice(target.architecture, draft.architecture)];
}

function sizeAdvice(ratio: number): string {
  const advised = `1/${ADVISED_RATIO.least} to 1/${ADVISED_RATIO.most} is advised`;
  if (ratio <= 1) {
    return `The draft model is as large as the target or larger (${advised}): drafting with it cannot save time.`;
  }
  const size = `The draft model has 1/${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)} of the target's size`;
  if (ratio < ADVISED_RATIO.least) {
    return `${size} (${advised}): each draft token costs much, so expect short drafts and a small gain.`;
  }
  if (ratio > ADVISED_RATIO.most) {
    return `${size} (${advised}): drafting costs little, but a larger draft model would be accepted more often.`;
  }
  return `${size}, as advised (1/${ADVISED_RATIO.least} to 1/${ADVISED_RATIO.most}).`;
}

function architectureAdvice(target: string, draft: string): string {
  if (target === draft) return `Both models are of the architecture ${target}.`;
  return (
    `The target is of the architecture ${target}, the draft model of ${draft}: ` +
    'that is no obstacle, but models of one family, trained alike, agree more often.'
  );
}
