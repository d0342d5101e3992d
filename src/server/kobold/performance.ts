import { z } from 'zod';
import type { FinishEvent, GenerationEvent } from '../../engine/events.js';
import type { ActivityListener, Generation } from '../activity.js';
import type { ServerContext } from '../dialect.js';
import { count } from '../engine-schemas.js';
import { llamaTimings } from '../timings.js';

/** Of the last generation: seconds, tokens a second. */
const lastSchema = z.object({
  last_process: z.number(),
  last_eval: z.number(),
  last_token_count: count,
  last_input_count: count,
  last_process_time: z.number(),
  last_eval_time: z.number(),
  last_process_speed: z.number(),
  last_eval_speed: z.number(),
  last_draft_success: count,
  last_draft_failed: count,
  stop_reason: z.literal([-1, 0, 1, 2]),
});

export const performanceSchema = lastSchema.extend({
  last_seed: z.int(),
  total_gens: count,
  total_img_gens: count,
  total_tts_gens: count,
  total_transcribe_gens: count,
  queue: count,
  idle: z.literal([0, 1]),
  hordeexitcounter: count,
  uptime: z.number(),
  idletime: z.number(),
  quiet: z.boolean(),
});

/** What the last generation that finished took, of whatever dialect: `/api/extra/perf`. Times are in seconds. */
export class Performance implements ActivityListener {
  readonly #seeds = new Map<number, number>();
  readonly #now: () => number;
  #last: { readonly finish: FinishEvent; readonly seed: number; readonly ended: number } | undefined;
  #finished = 0;

  /** @param now milliseconds of a steady clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  onEvent(event: GenerationEvent, { id }: Generation): void {
    if (event.type === 'start') this.#seeds.set(id, event.seed);
  }

  onEnd({ id }: Generation, finish: FinishEvent | undefined): void {
    const seed = this.#seeds.get(id);
    this.#seeds.delete(id);
    if (finish === undefined || seed === undefined) return;
    this.#finished++;
    this.#last = { finish, seed, ended: this.#now() };
  }

  async report({ service, clock, startedAt }: ServerContext): Promise<z.output<typeof performanceSchema>> {
    const { running, queued } = await service.status();
    const uptime = Math.max(0, clock() / 1000 - startedAt);
    const idle = running + queued === 0;
    const sinceLast = this.#last === undefined ? uptime : (this.#now() - this.#last.ended) / 1000;
    return {
      ...lastOf(this.#last?.finish),
      last_seed: this.#last?.seed ?? -1,
      total_gens: this.#finished,
      total_img_gens: 0,
      total_tts_gens: 0,
      total_transcribe_gens: 0,
      queue: queued,
      idle: idle ? 1 : 0,
      hordeexitcounter: 0,
      uptime,
      idletime: idle ? sinceLast : 0,
      quiet: false,
    };
  }
}

function lastOf(finish: FinishEvent | undefined): z.output<typeof lastSchema> {
  const timings = finish && llamaTimings(finish);
  const processed = (timings?.prompt_ms ?? 0) / 1000;
  const written = (timings?.predicted_ms ?? 0) / 1000;
  return {
    last_process: processed,
    last_eval: written,
    last_token_count: finish?.completionTokens ?? 0,
    last_input_count: finish?.promptTokens ?? 0,
    last_process_time: processed,
    last_eval_time: written,
    last_process_speed: timings?.prompt_per_second ?? 0,
    last_eval_speed: timings?.predicted_per_second ?? 0,
    last_draft_success: finish?.statistics.accepted ?? 0,
    last_draft_failed: finish?.statistics.rejected ?? 0,
    stop_reason: stopReason(finish),
  };
}

/** KoboldCpp's numbers: -1 none, 0 length, 1 end of text, 2 stop string. */
function stopReason(finish: FinishEvent | undefined): -1 | 0 | 1 | 2 {
  if (finish === undefined || finish.reason === 'aborted') return -1;
  if (finish.reason === 'length') return 0;
  return finish.stop === undefined ? 1 : 2;
}
