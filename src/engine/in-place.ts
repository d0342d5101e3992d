import type { GenerationEvent } from './events.js';
import type { Plan } from './prepare.js';
import { abortedInQueue } from './run.js';
import { Updates } from './updates.js';

/**
 * Has `work` done in a place of the model that writes: `queued` events come first where all are taken, and the place is given
 * back however the work ends. Whoever stops iterating while it waits aborts `signal`, too, to leave the queue.
 * @throws OutriderError queue_full
 */
export async function* inPlace(
  plan: Plan,
  signal: AbortSignal,
  work: () => AsyncGenerator<GenerationEvent, void, void>,
): AsyncGenerator<GenerationEvent, void, void> {
  const { places } = plan.writer;
  const queue = new Updates<number>();
  const place = places.enter(signal, (ahead) => queue.push(ahead), plan.admission);
  try {
    for await (const ahead of queue.until(place)) yield { type: 'queued', ahead };
    const entered = await place.then(
      () => true,
      (error) => {
        if (!signal.aborted) throw error;
        return false;
      },
    );
    yield* entered ? work() : abortedInQueue(plan);
  } finally {
    void place.then(
      () => places.leave(),
      () => {},
    );
  }
}
