import type { GenerationRequest } from '../engine/index.js';

/** A way to decide what is drafted, as the request says it. */
export interface Policy {
  readonly name: string;
  /** With a rule of verification other than `match` the request has no seed, and its text is another each time. */
  readonly options: Pick<GenerationRequest, 'mode' | 'draft' | 'verification'>;
  /** `greedy`: the draft model as llama.cpp asks it, its likeliest token each time (model-drafter.ts). */
  readonly drafter: 'engine' | 'greedy';
}

/** What all others are measured against: the target alone, the draft neither prefilled nor decoded. */
export const PLAIN: Policy = { name: 'plain', options: { mode: 'main' }, drafter: 'engine' };
/** What Outrider does when nobody says anything. */
export const ADAPTIVE: Policy = { name: 'adaptive', options: {}, drafter: 'engine' };

/** Every policy, in the order in which the first pass runs them: nothing but the engine's own comes before adaptive. */
export const POLICIES: readonly Policy[] = [
  PLAIN,
  ADAPTIVE,
  fixed(3),
  fixed(8),
  // To be held against fixed3 at the same temperature: what the rule is worth.
  { ...fixed(3), name: 'block3', options: { ...fixed(3).options, verification: 'block' } },
  // llama.cpp's `draft-simple` at its defaults, and at those that it had before.
  llama('llama', { max: 3, minConfidence: 0 }),
  llama('llama16', { max: 16, minConfidence: 0.75 }),
];

function fixed(tokens: number): Policy {
  const draft = { min: tokens, max: tokens, drafters: ['model'] } as const;
  return { name: `fixed${tokens}`, options: { draft }, drafter: 'engine' };
}

function llama(name: string, draft: { readonly max: number; readonly minConfidence: number }): Policy {
  return { name, options: { draft }, drafter: 'greedy' };
}

/** A rule of verification differs from `match` only where there is something to draw. */
export function applies({ options }: Policy, temperature: number): boolean {
  return options.verification === undefined || temperature > 0;
}
