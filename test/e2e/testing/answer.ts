import type {
  Engine,
  FinishEvent,
  GenerationEvent,
  GenerationRequest,
  RoundEvent,
  StartEvent,
  TextEvent,
} from '../../../src/engine/index.js';

/** All that a request gave. */
export interface Answer {
  readonly start: StartEvent;
  readonly rounds: readonly RoundEvent[];
  readonly pieces: readonly TextEvent[];
  readonly finish: FinishEvent;
}

/** All events of a request, as they came. */
export async function eventsOf(
  engine: Engine,
  request: GenerationRequest,
  signal?: AbortSignal,
): Promise<readonly GenerationEvent[]> {
  const events: GenerationEvent[] = [];
  for await (const event of engine.generate(request, signal)) events.push(event);
  return events;
}

/**
 * Runs a request to its end.
 * @throws the request's own error, and Error when the pieces of text are not the text of the finish
 */
export async function answer(engine: Engine, request: GenerationRequest, signal?: AbortSignal): Promise<Answer> {
  const rounds: RoundEvent[] = [];
  const pieces: TextEvent[] = [];
  let start: StartEvent | undefined;
  let finish: FinishEvent | undefined;
  for (const event of await eventsOf(engine, request, signal)) {
    if (event.type === 'start') start = event;
    if (event.type === 'round') rounds.push(event);
    if (event.type === 'text') pieces.push(event);
    if (event.type === 'finish') finish = event;
    if (event.type === 'error') throw event.error;
  }
  if (start === undefined || finish === undefined) throw new Error('the events lack a start or a finish');
  const joined = pieces.map(({ text }) => text).join('');
  if (joined !== finish.text) throw new Error(`pieces "${joined}" are not the text "${finish.text}"`);
  return { start, rounds, pieces, finish };
}

/** What has to agree between modes, drafts and draft lengths. */
export function outcome({ finish }: Answer): Pick<FinishEvent, 'text' | 'tokens' | 'reason' | 'stop'> & {
  readonly usage: readonly [number, number];
} {
  const { text, tokens, reason, stop, promptTokens, completionTokens } = finish;
  return { text, tokens, reason, ...(stop !== undefined && { stop }), usage: [promptTokens, completionTokens] };
}

/** Drafts of up to 8 tokens by the draft model's confidence alone: where a test needs drafts, cost must not forbid them. */
export const BY_CONFIDENCE: Pick<GenerationRequest, 'draft'> = { draft: { minConfidence: 0.5 } };

/** Drafts of `length` tokens in every round, whatever the draft model believes. */
export function forced(length: number): Pick<GenerationRequest, 'draft'> {
  return { draft: { min: length, max: length } };
}
