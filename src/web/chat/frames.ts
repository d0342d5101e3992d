/** What POST /api/outrider/generate sends, as far as the page reads it. */

export const MODES = ['speculative', 'main', 'draft', 'auto'] as const;
export type Mode = (typeof MODES)[number];

export const ORIGINS = ['accepted', 'escalated', 'bonus', 'recovered', 'plain'] as const;
export type Origin = (typeof ORIGINS)[number];

/** `bytes`: hexadecimal digits, where they are not whole characters. */
export interface TokenText {
  readonly text: string;
  readonly bytes?: string;
}

/** A token of an answer; probabilities are in [0, 1], `target` is the target's and `draft` the draft's. */
export interface AnswerToken extends TokenText {
  /** Absent where the writer's own token is not known. */
  readonly id?: number;
  /** `given`: by whoever changed the answer, for the model to go on with. */
  readonly origin: Origin | 'given';
  readonly target?: number;
  readonly draft?: number;
  /** The draft token that this one came instead of. */
  readonly rejected?: TokenText & { readonly id: number; readonly draft: number; readonly target?: number };
  /** The likeliest at its place. */
  readonly top: readonly (TokenText & { readonly id: number; readonly target: number })[];
}

export interface Route {
  readonly to: 'draft' | 'target';
  readonly rule: string;
  readonly reason: string;
  readonly escalated?: { readonly atToken: number; readonly confidence: number };
}

export type Frame =
  | { readonly type: 'queued'; readonly ahead: number }
  | { readonly type: 'admitted' }
  | StartFrame
  | { readonly type: 'prompt'; readonly evaluated: number; readonly total: number }
  | RoundFrame
  | { readonly type: 'text'; readonly text: string; readonly tokens: readonly AnswerToken[] }
  | FinishFrame;

export interface StartFrame {
  readonly type: 'start';
  readonly mode: Mode;
  readonly seed: number;
  readonly verification: string;
  readonly promptTokens: number;
  readonly notes: readonly string[];
  readonly route?: Route;
  readonly leniency?: number;
  /** The text begins inside the model's reasoning. */
  readonly reasoning: boolean;
}

/** One draft and one verification; counts of tokens. */
export interface RoundFrame {
  readonly type: 'round';
  readonly drafted: number;
  readonly accepted: number;
  readonly tokens: number;
  readonly draftMs: number;
  readonly verifyMs: number;
}

export interface FinishFrame {
  readonly type: 'finish';
  readonly reason: 'stop' | 'length' | 'aborted';
  readonly cachedTokens?: number;
  readonly letThrough?: readonly string[];
  readonly statistics: { readonly rounds: number; readonly accepted: number; readonly rejected: number };
  readonly timings: { readonly promptMs: number; readonly predictedMs: number };
  /** What the target alone would take for all behind the first token, from the measured time of its passes. */
  readonly predictedPlainMs?: number;
  readonly route?: Route;
}
