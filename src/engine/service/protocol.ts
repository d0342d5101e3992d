/** What a supervisor and the process of its engine say to each other, all of it plain data (structured clone). */
import { type ErrorCode, OutriderError } from '../../errors.js';
import type { Draft, Token } from '../../speculative/index.js';
import type { ErrorEvent, GenerationEvent, LoadEvent, RoundEvent } from '../events.js';
import type { EngineOptions } from '../options.js';
import type { PassUnderWay } from '../pass-clock.js';
import type { PassCosts } from '../pass-costs.js';
import type { TokenizedPrompt } from '../prompt.js';
import type { Chat, Prompt } from '../request.js';
import type { Score, ScoreRequest } from '../score.js';
import type { EngineDescription, ServiceRequest, SlotStatus, TokenizeOptions } from '../service.js';

/** What may be said of an engine to another process; that one makes whatever is a function, such as what was learnt. */
export type PlainEngineOptions = Omit<EngineOptions, 'onProgress' | 'signal' | 'knowledge'>;

/** @throws OutriderError invalid_argument for an option that is no plain data */
export function plainOptions(options: EngineOptions): PlainEngineOptions {
  const { onProgress: _, signal: __, knowledge: ___, ...plain } = options;
  for (const [parameter, value] of Object.entries(plain)) refuseUnlessPlain(parameter, value);
  return plain;
}

function refuseUnlessPlain(parameter: string, value: unknown): void {
  try {
    structuredClone(value);
  } catch (error) {
    throw new OutriderError(
      'invalid_argument',
      `${parameter}: expected plain data, which can be sent to the engine's process, got what cannot (${(error as Error).message}); leave functions out, or load the engine in this process (loadEngine)`,
      { parameter },
    );
  }
}

/** A question with one answer. */
export type Call =
  | { readonly name: 'tokenize'; readonly prompt: Prompt; readonly options: TokenizeOptions | undefined }
  | { readonly name: 'pieces'; readonly tokens: readonly Token[]; readonly renderSpecial: boolean }
  | { readonly name: 'render'; readonly chat: Chat }
  | { readonly name: 'passCosts' }
  | { readonly name: 'score'; readonly request: ScoreRequest };

/** What comes back for each call. */
export interface Replies {
  readonly tokenize: TokenizedPrompt;
  readonly pieces: readonly Uint8Array[];
  readonly render: string;
  readonly passCosts: PassCosts;
  readonly score: Score;
}

export type ToEngine =
  | { readonly type: 'load'; readonly options: PlainEngineOptions }
  | { readonly type: 'generate'; readonly id: number; readonly request: ServiceRequest }
  /** The caller's signal: the request ends with a `finish`. */
  | { readonly type: 'abort'; readonly id: number }
  /** Nobody listens to the request any more. */
  | { readonly type: 'cancel'; readonly id: number }
  /** So many groups of the request's events were used up: as many others may come. */
  | { readonly type: 'credit'; readonly id: number; readonly groups: number }
  | { readonly type: 'call'; readonly id: number; readonly call: Call }
  /** Nobody waits for the answer to a call any more; none comes. */
  | { readonly type: 'abandon'; readonly id: number }
  | { readonly type: 'ping' }
  | { readonly type: 'close' };

export type FromEngine =
  | { readonly type: 'progress'; readonly event: LoadEvent }
  | { readonly type: 'ready'; readonly description: EngineDescription }
  | { readonly type: 'failed'; readonly error: PlainError }
  /** Of all requests that a turn of the event loop has something of, which is mostly a pass. */
  | { readonly type: 'events'; readonly groups: readonly EventGroup[] }
  /** No event comes any more: the request is over, or was refused with `error`. */
  | { readonly type: 'ended'; readonly id: number; readonly error: PlainError | undefined }
  /** Behind the start and before the end of each request: who asks for slots then need not wait for a ping. */
  | { readonly type: 'slots'; readonly slots: readonly SlotStatus[] }
  | { readonly type: 'reply'; readonly id: number; readonly value: Replies[Call['name']] }
  | { readonly type: 'refusal'; readonly id: number; readonly error: PlainError }
  /**
   * After a load and every ping: the slots, which are not known before it is loaded, of each model the pass that is under
   * way, and what was read from disks so far.
   */
  | {
      readonly type: 'pong';
      readonly slots: readonly SlotStatus[] | undefined;
      readonly passes: readonly (PassUnderWay | undefined)[];
      readonly blocksRead: number;
    };

/** Events of one request, never cut between a round and its text. */
export interface EventGroup {
  readonly id: number;
  readonly events: readonly PlainEvent[];
}

/** Groups of one request that may be under way: what a slow reader costs in memory. */
export const CREDITS = 8;
/** So many are given back at once: a message costs more than most groups. */
export const CREDITS_TOGETHER = CREDITS / 2;

/** An error as data: what is thrown loses its code on the way. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export type PlainEvent = Exclude<GenerationEvent, ErrorEvent> | { readonly type: 'error'; readonly error: PlainError };

/** A cause stays behind: it may be anything. */
export function plainError(error: unknown): PlainError {
  if (!(error instanceof OutriderError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: 'backend_failed', message, details: {} };
  }
  const { cause: _, ...details } = error.details;
  return { code: error.code, message: error.message, details };
}

export function errorOf({ code, message, details }: PlainError): OutriderError {
  return new OutriderError(code, message, details);
}

/** The laws that a draft was drawn from stay behind: each may be as long as the vocabulary, and verification is over. */
export function plainEvent(event: GenerationEvent): PlainEvent {
  if (event.type === 'error') return { type: 'error', error: plainError(event.error) };
  return event.type === 'round' ? withoutLaws(event) : event;
}

export function eventOf(event: PlainEvent): GenerationEvent {
  return event.type === 'error' ? { type: 'error', error: errorOf(event.error) } : event;
}

function withoutLaws(round: RoundEvent): RoundEvent {
  if (round.draft.laws === undefined) return round;
  const { laws: _, ...draft }: Draft = round.draft;
  return { ...round, draft };
}
