/** What POST /api/outrider/compare sends, as far as the page reads it. Times in milliseconds. */

export type Side = 'main' | 'draft';

export type CompareMessage =
  | { readonly type: 'start'; readonly seed: number; readonly sides: readonly { side: Side; model: string }[] }
  | { readonly type: 'text'; readonly side: Side; readonly text: string; readonly tokens: number }
  | ({ readonly type: 'end'; readonly side: Side } & SideEnd)
  | ({ readonly type: 'comparison' } & Comparison)
  | { readonly type: 'done' };

export interface SideEnd {
  readonly text: string;
  readonly tokens: number;
  readonly finish_reason: 'stop' | 'length' | 'aborted';
  readonly timings: {
    readonly promptMs: number;
    readonly predictedMs: number;
    readonly predictedPerSecond: number | null;
  };
}

export interface Comparison {
  /** Null: the texts are the same. `character` counts the code units that both begin with. */
  readonly divergence: {
    readonly token: number;
    readonly character: number;
    readonly main: string;
    readonly draft: string;
  } | null;
  readonly agreement: {
    readonly judged: number;
    readonly accepted: number;
    readonly expectedAcceptance: number | null;
    readonly expectedSpeedup: number | null;
    readonly draftLength: number | null;
  };
  readonly tokens: readonly JudgedToken[];
  readonly judgingMs: number;
}

/** A token of the draft model's answer, judged by the target behind the draft model's own text. */
export interface JudgedToken {
  readonly text: string;
  readonly accepted: boolean;
  /** The chance that the target accepts it, and its probability under each model's plain softmax. */
  readonly acceptance: number;
  readonly target: number;
  readonly draft: number | null;
  /** What the target finds likeliest there, where that is another token. */
  readonly wanted: string | null;
}
