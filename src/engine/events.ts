import type { OutriderError } from '../errors.js';
import type { Origin, Round, Statistics, Token } from '../speculative/index.js';

/**
 * Everything that happens to a request, in order: `queued`* (`admitted` `queued`*)? `start` `prompt`* (`round` `text`*)* and one of `finish`
 * and `error` at the end; a request that is aborted while it waits has no `start`. Console, JSON, trace file, dialects,
 * metrics and page are folds over it; nobody else counts.
 */
export type GenerationEvent =
  | QueuedEvent
  | AdmittedEvent
  | StartEvent
  | PromptEvent
  | RoundEvent
  | TextEvent
  | FinishEvent
  | ErrorEvent;

/** All places are taken; the request waits. Sent again whenever its place in the queue changes. */
export interface QueuedEvent {
  readonly type: 'queued';
  /** Requests before this one. */
  readonly ahead: number;
}

/**
 * In mode `auto`, behind `queued`: the draft model is being tried. What comes of that is told later; where the target has to
 * take over the request may wait once more.
 */
export interface AdmittedEvent {
  readonly type: 'admitted';
}

/** The request has a place and is about to be evaluated. */
export interface StartEvent {
  readonly type: 'start';
  /** What is done: `auto` has become one of the others. */
  readonly mode: Mode;
  /** The seed in force, given or drawn: with it, under `match`, the text comes again. */
  readonly seed: number;
  readonly seedOrigin: 'given' | 'drawn';
  readonly verification: VerificationRule;
  /** The most tokens a round drafts after every clamp; 0 where nothing is drafted. */
  readonly draftMax: number;
  readonly promptTokens: number;
  /** Prompt tokens that the cache holds at the beginning. Where they turn out not to be usable, the finish has fewer. */
  readonly cachedTokens: number;
  /** What the request asked for and how it was understood: dropped drafts, template fallbacks, clamped lengths. */
  readonly notes: readonly string[];
  /** In mode `auto`: who writes, and why. Where the draft model has to be tried first, the event waits for what comes of that. */
  readonly route?: Route;
  /** In (0, 1], only where the text is not lossless: rejected draft tokens stay where the target finds them nearly as good. */
  readonly leniency?: number;
}

/** Prompt tokens evaluated so far, of how many; `cached` of them were there before. */
export interface PromptEvent {
  readonly type: 'prompt';
  readonly evaluated: number;
  readonly total: number;
  readonly cached?: number;
}

/** A round of the loop, as it was verified; stop strings and limits cut afterwards. */
export interface RoundEvent extends Round {
  readonly type: 'round';
  /** Its draft is what the draft model had written before the target took over (mode `auto`); `draftMax` does not bound it. */
  readonly escalated?: true;
  /** A banned text is there: of the answer only so many tokens stay, and the next round writes on behind them. */
  readonly kept?: number;
}

/** Where a piece of text comes from; `escalated`: accepted of what the draft model had written before the target took over. */
export type TextOrigin = 'accepted' | 'escalated' | Origin;

/** Text that nothing can take back: complete characters, no part of a stop string. */
export interface TextEvent {
  readonly type: 'text';
  readonly text: string;
  /** The origin of the token that completed the piece. */
  readonly origin: TextOrigin;
  /** The tokens whose text is out with this piece. */
  readonly tokens: readonly Token[];
  /** Of these tokens, where the request asked for them. */
  readonly logprobs?: readonly TokenLogprob[];
}

/** Natural logarithms of the target's plain softmax, before any sampling option. */
export interface TokenLogprob {
  readonly token: Token;
  readonly bytes: Uint8Array;
  readonly logprob: number;
  /** The likeliest tokens, most likely first. */
  readonly top: readonly { readonly token: Token; readonly bytes: Uint8Array; readonly logprob: number }[];
}

/** `stop`: an end token or a stop string; `length`: the token limit or the context; `aborted`: by the caller's signal. */
export type FinishReason = 'stop' | 'length' | 'aborted';

export interface FinishEvent {
  readonly type: 'finish';
  readonly reason: FinishReason;
  /** The stop string that ended the text, if one did. */
  readonly stop?: string;
  /** All generated tokens, the one that ended the text included. */
  readonly tokens: readonly Token[];
  readonly text: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Prompt tokens that were still in the cache and not evaluated again. */
  readonly cachedTokens?: number;
  /**
   * Of the tokens that were not evaluated again, those whose cells were evaluated at another position, or behind such ones:
   * a beginning was cut off, and the rest moved up. Absent where the cache is that of an evaluation of this text.
   */
  readonly shifted?: number;
  /** Tokens that had left the context when the answer was over, where it outgrew that. */
  readonly dropped?: number;
  /** What the request had of the draft models that it used. */
  readonly drafts?: readonly DraftUse[];
  /** Banned texts that could not be avoided: too many tokens would have begun them at one place. */
  readonly letThrough?: readonly string[];
  readonly statistics: Statistics;
  readonly timings: Timings;
  /** In mode `auto`: who wrote the text, and why. */
  readonly route?: Route;
}

/** What a request had of a draft model that drafted for it. */
export interface DraftUse {
  readonly model: string;
  /** Prompt tokens that were still in its cache. */
  readonly cachedTokens: number;
  /** As in FinishEvent. */
  readonly shifted?: number;
  /** Tokens of its passes: of the prompt, of the text, and what it drafted. */
  readonly evaluatedTokens: number;
}

/** The request failed; text that was sent stays sent. */
export interface ErrorEvent {
  readonly type: 'error';
  readonly error: OutriderError;
}

/** Wall times in milliseconds. */
export interface Timings {
  /** From the request's turn to its first token, the prompt's evaluation. */
  readonly promptMs: number;
  /** From the first token to the last. */
  readonly predictedMs: number;
  /** Tokens after the first per second of `predictedMs`; null for fewer than two tokens. */
  readonly predictedPerSecond: number | null;
  /** Null before the first token. */
  readonly promptPerSecond: number | null;
  /** Time spent waiting for the draft and for the target's passes, within `predictedMs`. */
  readonly draftMs: number;
  readonly verifyMs: number;
}

/**
 * What the two models are used for: the target with drafts, the target alone, the draft model alone; `auto`: the draft
 * model alone or the target with drafts, by what is asked and by how sure the draft model is of its beginning.
 */
export const MODES = ['speculative', 'main', 'draft', 'auto'] as const;
export type Mode = (typeof MODES)[number];

/** Who writes the text of a request in mode `auto`, and why. */
export interface Route {
  readonly to: 'draft' | 'target';
  /** The name of the rule that decided. */
  readonly rule: string;
  /** For people. */
  readonly reason: string;
  /**
   * The draft model began, and its calibrated confidence, a probability a token, fell below the bound behind `atToken`
   * tokens: the target took over, and judged them.
   */
  readonly escalated?: { readonly atToken: number; readonly confidence: number };
}

/** `auto`: `match` or `block` by what each would accept, measured on the request's own rows. */
export const VERIFICATION_RULES = ['auto', 'match', 'rejection', 'block'] as const;
export type VerificationRule = (typeof VERIFICATION_RULES)[number];

/** What loading reports, for progress bars: one stream over all models. */
export type LoadEvent =
  | { readonly type: 'model'; readonly role: ModelRole; readonly path: string; readonly fraction: number }
  | { readonly type: 'note'; readonly role: ModelRole; readonly text: string }
  /** A pass on trial has ended: what is loaded is being measured. */
  | { readonly type: 'trial'; readonly role: ModelRole }
  | { readonly type: 'ready'; readonly loadMs: number };

export type ModelRole = 'target' | 'draft';
