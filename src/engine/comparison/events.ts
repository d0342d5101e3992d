import type { SamplingOptions } from '../../sampling/index.js';
import type { FinishReason, Timings } from '../events.js';
import type { Prompt } from '../request.js';

/** The target alone, and a draft model alone. */
export type Side = 'main' | 'draft';

/** What both models are to answer. */
export interface CompareRequest {
  readonly prompt: Prompt;
  /** The draft model, by its name; default: the largest. */
  readonly draft?: string;
  /** Of each answer; default: to the end of the context. */
  readonly maxTokens?: number;
  /** Of both; what is left out is as each model's file recommends. */
  readonly sampling?: Partial<SamplingOptions>;
  /** Of both: where they see the same text, they draw with the same coins. */
  readonly seed: number;
  /** Side by side, which is the default, or one after the other: then no speed suffers from the other side. */
  readonly order?: 'together' | 'in turn';
}

/**
 * `start`, then for each side `text`* and `end` as they come, then `comparison`. Of an aborted comparison the last comes
 * only if it was there already.
 */
export type CompareEvent =
  | {
      readonly type: 'start';
      readonly sides: readonly { readonly side: Side; readonly model: string }[];
      readonly seed: number;
    }
  /** `tokens`: how many the side has written so far. */
  | { readonly type: 'text'; readonly side: Side; readonly text: string; readonly tokens: number }
  | {
      readonly type: 'end';
      readonly side: Side;
      readonly text: string;
      readonly tokens: number;
      readonly timings: Timings;
      readonly finishReason: FinishReason;
    }
  | ({ readonly type: 'comparison' } & Comparison);

/** The draft model's answer in the eyes of the target. */
export interface Comparison {
  /** Null: the texts are the same. */
  readonly divergence: Divergence | null;
  readonly agreement: Agreement;
  /** The draft model's answer, in tokens of the target. */
  readonly tokens: readonly JudgedToken[];
  /** Milliseconds in which the target judged all of them. */
  readonly judgingMs: number;
}

/** The first place where the two texts differ. */
export interface Divergence {
  /** The draft model's token in which it lies, counted in the target's tokens. */
  readonly token: number;
  /** UTF-16 code units that both texts begin with, whole characters. */
  readonly character: number;
  /** What each side has written there, its token; empty where its text has ended. */
  readonly main: string;
  readonly draft: string;
}

/** Each token is judged behind the draft model's own text, so one disagreement does not make those behind it wrong. */
export interface Agreement {
  readonly judged: number;
  /** Tokens that the target would rather accept than not. */
  readonly accepted: number;
  /** The mean chance that the target accepts a token; null where there is none. */
  readonly expectedAcceptance: number | null;
  /** Predicted, not measured: speculation over plain decoding, at the best fixed length of drafts, which stands beside it. */
  readonly expectedSpeedup: number | null;
  readonly draftLength: number | null;
}

export interface JudgedToken {
  /** The characters that the token completes: all of them together are the text, perhaps with its end token. */
  readonly text: string;
  /** Whether the target would rather accept the token than not. */
  readonly accepted: boolean;
  /** With which chance it would: min(1, p/q) under the sampling that was asked for; at temperature 0 it is 0 or 1. */
  readonly acceptance: number;
  /** Its probability under the target's plain softmax. */
  readonly target: number;
  /** Under the draft model's; null where the two vocabularies cut the text in different places. */
  readonly draft: number | null;
  /** What the target finds likeliest there, where that is another token. */
  readonly wanted: string | null;
}
