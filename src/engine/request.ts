import type { SamplingOptions } from '../sampling/index.js';
import type { Drafter, LengthPolicy, Token } from '../speculative/index.js';

import type { ChatMessage } from '../text/messages.js';

import type { Mode, Route, VerificationRule } from './events.js';
import type { Admission } from './places.js';

/** A conversation, and what the template of the model may ask for beyond it, such as `enable_thinking`. */
export interface Chat {
  readonly messages: readonly ChatMessage[];
  readonly variables?: Readonly<Record<string, unknown>>;
  /** `continue`: the last message is the assistant's and unfinished; it is gone on with. Default: the assistant's turn begins. */
  readonly ending?: 'reply' | 'continue';
}

/** What to continue: text (control tokens in it are understood), tokens, or a chat that the model's template renders. */
export type Prompt = { readonly text: string } | { readonly tokens: readonly Token[] } | Chat;

/** A request to the engine. Everything but the prompt has a sensible default. */
export interface GenerationRequest {
  readonly prompt: Prompt;
  /** Default: `speculative`; without a draft model the text itself is looked up. */
  readonly mode?: Mode;
  /** Who writes was decided before, for the text that `resume` goes on with: mode `auto` keeps to it. */
  readonly route?: Route;
  /** How much thought it deserves, as the client declares (`none`, `minimal`, `low`, `medium`, `high`, ...): mode `auto` heeds it. */
  readonly effort?: string;
  /** The draft model that writes in mode `draft`, by its name; default: the largest. */
  readonly writer?: string;
  /** Default: to the end of the context. */
  readonly maxTokens?: number;
  /** The text ends before the first of these. */
  readonly stop?: readonly string[];
  /** Tokens that end the text cannot be drawn. */
  readonly ignoreEndOfText?: boolean;
  /** An integer from 0 to 2^53 - 1. One is drawn and reported where none is given. */
  readonly seed?: number;
  /** Deviations from what the model's file recommends and llama.cpp's defaults. */
  readonly sampling?: Partial<SamplingOptions>;
  readonly draft?: DraftOptions;
  /** A drafter of your own in place of all others; the caller closes it (docs/extending.md). */
  readonly drafter?: Drafter;
  /** A length policy of your own for a single drafter, new for each request; `draft.max` still bounds it. */
  readonly length?: LengthPolicy;
  /**
   * Default `match` with a given seed, at temperature 0 and under `strict`: the only rule that can repeat a text. Else
   * `auto`. `rejection` and `block` accept more at high temperature; with `auto` they are refused beside a given seed.
   */
  readonly verification?: VerificationRule;
  /** Text that the answer is likely to repeat, such as a file that is being edited: it is proposed where it fits. */
  readonly prediction?: string;
  /**
   * What was already generated of this answer, to go on behind it: with the same seed the text is what it would have
   * been. Counts towards `maxTokens`; rounds and texts tell of what is new, the `finish` has tokens and text of all.
   */
  readonly resume?: readonly Token[];
  /** Default `new`: refused where too many wait. */
  readonly admission?: Admission;
  /** Begin behind what a cache still holds of the prompt, default true; false evaluates all of it, to measure that. */
  readonly cachePrompt?: boolean;
  /**
   * False: no cached token is used at another position than it was evaluated at; a prompt whose beginning was cut off is
   * evaluated again, and the answer ends at the end of the context. True needs an engine with `contextShift`. Default: a cut prompt
   * is shifted where the model can and the engine is not strict; the answer goes on beyond the context as the engine has it.
   */
  readonly contextShift?: boolean;
  /**
   * Tokens of the prompt that stay when an answer outgrows the context (llama.cpp's `n_keep`), or all of the prompt. Default
   * 0; a begin-of-text token always stays.
   */
  readonly keepTokens?: number | 'prompt';
  /** Log-probabilities of the tokens, under the target's plain softmax, and of so many alternatives each (0 to 20). */
  readonly logprobs?: number;
  /** Texts that may not appear: the answer goes back to where one began and takes another way, before it is seen. */
  readonly bannedStrings?: readonly string[];
}

/**
 * Without any of these the length adapts to measured cost and calibrated confidence. `min` or `minConfidence` choose the
 * simple rule instead, for experiments.
 */
export interface DraftOptions {
  /** The most tokens of a round, default 16 (8 under the simple rule). Clamped to what a pass can verify; 0 drafts nothing. */
  readonly max?: number;
  /** Drafted whatever the confidence, default 0. Equal to `max` it fixes the length. */
  readonly min?: number;
  /** The draft ends before the first token in which the draft model believes less, in [0, 1]. */
  readonly minConfidence?: number;
  /** Which drafters may propose, by kind: `model`, `lookup`, `prediction`. Default: all there are. */
  readonly drafters?: readonly DrafterKind[];
  /**
   * From 0, the default, lossless, to 1: draft tokens that the target finds nearly as good as its own stay. Above 0 the
   * text no longer has the target's law; refused under `strict`.
   */
  readonly leniency?: number;
}

export const DRAFTER_KINDS = ['model', 'lookup', 'prediction'] as const;
export type DrafterKind = (typeof DRAFTER_KINDS)[number];
