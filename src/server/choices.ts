import type { TokenLogprob } from '../engine/events.js';
import type { ServiceRequest } from '../engine/service.js';
import type { Call, ServedEvent } from './activity.js';
import type { ServerContext } from './dialect.js';
import type { ReportedEvents } from './report.js';
import { begun } from './sse.js';

/** Clients give up on headers that do not come; a request that was not refused by then is taken for good. */
export const HEADERS_WITHIN_MS = 1_000;

export type Choice = AsyncGenerator<ServedEvent, void, void>;

/**
 * Begins all choices of a request.
 * @throws OutriderError for what is wrong with the request; nothing runs on then
 */
export async function beginChoices(
  requests: readonly ServiceRequest[],
  { activity }: ServerContext,
  call: Call,
  abort: AbortController,
): Promise<readonly Choice[]> {
  const beginnings = requests.map((request) => begun(activity.run(request, call), HEADERS_WITHIN_MS));
  const settled = await Promise.allSettled(beginnings);
  const failed = settled.find((result) => result.status === 'rejected');
  const choices = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (failed === undefined) return choices;
  abort.abort();
  await Promise.allSettled(choices.map((choice) => choice.return()));
  throw failed.reason;
}

/** A whole choice, for answers that are not streamed. */
export interface CollectedChoice extends ReportedEvents {
  readonly pieces: readonly string[];
  readonly logprobs: readonly TokenLogprob[];
}

/** Waits for all choices; when one fails the others are aborted. */
export async function collectChoices(
  choices: readonly Choice[],
  abort: AbortController,
): Promise<readonly CollectedChoice[]> {
  try {
    return await Promise.all(choices.map(collect));
  } catch (error) {
    abort.abort();
    throw error;
  }
}

async function collect(choice: Choice): Promise<CollectedChoice> {
  const pieces: string[] = [];
  const logprobs: TokenLogprob[] = [];
  const ends: Partial<ReportedEvents> = {};
  for await (const event of choice) {
    if (event.type === 'text') {
      pieces.push(event.text);
      logprobs.push(...(event.logprobs ?? []));
    } else if (event.type === 'start' || event.type === 'finish') Object.assign(ends, { [event.type]: event });
  }
  if (ends.finish === undefined) throw new Error('a generation ended without a finish event');
  return { start: ends.start, finish: ends.finish, pieces, logprobs };
}
