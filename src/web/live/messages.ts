/** What GET /api/outrider/rounds sends, as far as the page reads it. */
import type { Mode, Route } from '../chat/frames.js';

export type LiveMessage = LiveStart | LiveRound | LiveEnd | { readonly type: 'dropped'; readonly messages: number };

export interface LiveStart {
  readonly type: 'start';
  readonly generation: number;
  readonly dialect: string;
  readonly mode: Mode;
  readonly promptTokens: number;
  readonly route?: Route;
}

/** One draft and its verification. */
export interface LiveRound {
  readonly type: 'round';
  readonly generation: number;
  /** The context's length before it. */
  readonly position: number;
  /** Token ids. */
  readonly drafted: readonly number[];
  readonly accepted: number;
  readonly tokens: readonly number[];
  readonly draftMs: number;
  readonly verifyMs: number;
}

export interface LiveEnd {
  readonly type: 'end';
  readonly generation: number;
  /** Absent where the request was refused, failed or left by its client. */
  readonly reason?: string;
  readonly completionTokens?: number;
  readonly route?: Route;
}
