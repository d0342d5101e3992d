import { type Draft, type Knowledge, type Sampler, TextAcceptance } from '../speculative/index.js';
import { ConfidenceSampler, type WrittenToken } from './confidence-sampler.js';
import { kindOf } from './drafting.js';
import type { LoadedDraft } from './load.js';
import type { Plan } from './prepare.js';

/**
 * Tokens of the draft model that are held while nobody knows who writes. More would tell more and cost more waiting; so
 * many are verified in one pass everywhere.
 */
const HELD_TOKENS = 24;
/** Before so many one odd token, such as the choice of a first word, would decide. */
const LEAST_TOKENS = 8;
/** The target takes over where it would have kept fewer of the draft model's tokens than this share (algorithms.md 12). */
const LEAST_CONFIDENCE = 0.7;
/** Judged tokens that it takes to know better than the draft model how far to trust it. */
const CALIBRATED = 64;

/** What the opening says of the draft model: that it may go on, that the target has to take over, or nothing yet. */
export type Verdict = 'open' | 'sure' | 'doubtful';

/**
 * The beginning of a text that the draft model writes, for as long as it is held, and how far the model is to be trusted
 * with it: the mean probability that the target would have kept each of its tokens, as learnt from this pair; cold, the
 * model's own word.
 */
export class Opening {
  readonly #acceptance: TextAcceptance;
  readonly #writer: LoadedDraft;
  #sampler: ConfidenceSampler | undefined;

  /** @param target how the target would write it */
  constructor(writer: LoadedDraft, target: Plan, knowledge: Knowledge) {
    this.#writer = writer;
    // What is learnt of drafts does not help: there confidence is by the law that they are drawn from.
    this.#acceptance = new TextAcceptance(knowledge.acceptanceOf(`${writer.name} opening ${kindOf(target)}`));
  }

  /**
   * Puts itself around the sampler of the model that writes.
   * @param dropped tokens of the text that this one has forgotten, where the text has outgrown its context
   */
  watch(sampler: Sampler, dropped: () => number): Sampler {
    this.#sampler = new ConfidenceSampler(sampler, dropped);
    return this.#sampler;
  }

  /** Mean over what is written. */
  get confidence(): number {
    const written = this.#written;
    if (written.length === 0) return 1;
    return written.reduce((sum, { confidence }) => sum + this.#calibrated(confidence), 0) / written.length;
  }

  get length(): number {
    return this.#written.length;
  }

  /** @param isOver whether the text has ended */
  verdict(isOver: boolean): Verdict {
    const { length, confidence } = this;
    if (!isOver && length < LEAST_TOKENS) return 'open';
    if (confidence < LEAST_CONFIDENCE) return 'doubtful';
    return isOver || length >= HELD_TOKENS ? 'sure' : 'open';
  }

  /** It is settled who writes. */
  close(): void {
    this.#sampler?.stop();
  }

  /** What is written, in the target's tokens, up to the first that the target has no counterpart of. */
  get draft(): Draft {
    const tokens = [];
    const confidences = [];
    for (const { token, confidence } of this.#written) {
      const counterpart = this.#writer.pair.toTarget(token);
      if (counterpart === undefined) break;
      tokens.push(counterpart);
      confidences.push(confidence);
    }
    return { tokens, confidences };
  }

  /** The target has judged a token of it. */
  learn(confidence: number, accepted: boolean): void {
    this.#acceptance.learn(confidence, accepted);
  }

  #calibrated(confidence: number): number {
    return this.#acceptance.judged < CALIBRATED ? confidence : this.#acceptance.probability(confidence);
  }

  get #written(): readonly WrittenToken[] {
    return this.#sampler?.written ?? [];
  }
}
