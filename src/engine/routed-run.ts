/**
 * Runs a request by whoever writes it. Where that is open the draft model begins, and nothing of it is told to anybody until
 * it is settled: what a client has received cannot be taken back. Then either its text comes out and it goes on, or the
 * target takes over and verifies what is there, so that the text is the target's own.
 */
import type { GenerationEvent, Route } from './events.js';
import { inPlace } from './in-place.js';
import type { LoadedModels } from './load.js';
import { Opening } from './opening.js';
import type { RoutedRequest, UndecidedRequest } from './route-request.js';
import { abortedInQueue, run } from './run.js';

type Events = AsyncGenerator<GenerationEvent, void, void>;

/**
 * As `run`, in a place of the model that writes; `start` and `finish` tell of the route, where there is one.
 * @throws OutriderError queue_full
 */
export async function* runRouted(routed: RoutedRequest, models: LoadedModels, signal: AbortSignal): Events {
  if (routed.kind === 'undecided') return yield* runUndecided(routed, models, signal);
  const { plan, route } = routed;
  yield* telling(
    route,
    inPlace(plan, signal, () => run(plan, models, signal)),
  );
}

/**
 * The draft model has a place of its own while it is on trial, so it waits for no answer of the target; the target's it
 * enters, at the end of the queue, once it is needed.
 */
async function* runUndecided(undecided: UndecidedRequest, models: LoadedModels, signal: AbortSignal): Events {
  const { draft, target, rule, reason } = undecided;
  const writer = models.drafts.find((one) => one === draft.writer)!;
  const opening = new Opening(writer, target, models.learnt.knowledge);
  let began = 0;
  const writing = inPlace(draft, signal, () => {
    began = performance.now();
    return run(draft, models, signal, { watch: (sampler, dropped) => opening.watch(sampler, dropped) });
  });
  try {
    const trial = yield* hold(writing, opening);
    opening.close();
    if (trial.end === 'over') return yield* trial.events;
    if (trial.end === 'aborted') return yield* abortedInQueue(draft);
    if (trial.end === 'sure') {
      const route: Route = { to: 'draft', rule, reason: `${reason}; the draft model is sure enough of its beginning` };
      yield* telling(route, trial.events);
      return yield* telling(route, writing);
    }
  } finally {
    await writing.return();
  }
  const escalated = { atToken: opening.length, confidence: opening.confidence };
  const route: Route = {
    to: 'target',
    rule,
    reason: `${reason}; the draft model was not sure of its beginning`,
    escalated,
  };
  const written = {
    written: opening.draft,
    onJudged: (confidence: number, accepted: boolean) => opening.learn(confidence, accepted),
  };
  yield* telling(
    route,
    inPlace(target, signal, () => run(target, models, signal, { began, written })),
  );
}

/** How the trial ended, and the events that nobody has seen; `over`: there is nothing to be decided. */
interface Trial {
  readonly end: 'sure' | 'doubtful' | 'aborted' | 'over';
  readonly events: readonly GenerationEvent[];
}

/** Lets nothing out but what happens in the queue, and that it is over. */
async function* hold(writing: Events, opening: Opening): AsyncGenerator<GenerationEvent, Trial, void> {
  const events: GenerationEvent[] = [];
  let hasWaited = false;
  for (;;) {
    const step = await writing.next();
    if (step.done) return { end: 'over', events };
    const event = step.value;
    if (event.type === 'queued') {
      hasWaited = true;
      yield event;
      continue;
    }
    if (event.type === 'start' && hasWaited) yield { type: 'admitted' };
    events.push(event);
    if (event.type === 'error') return { end: 'over', events: [event] };
    if (event.type === 'finish' && event.reason === 'aborted') return { end: 'aborted', events };
    if (event.type !== 'round' && event.type !== 'finish') continue;
    const verdict = opening.verdict(event.type === 'finish');
    if (verdict !== 'open') return { end: verdict, events };
  }
}

/** Says in the first and the last event of a request who writes. */
async function* telling(
  route: Route | undefined,
  events: AsyncIterable<GenerationEvent> | Iterable<GenerationEvent>,
): Events {
  for await (const event of events) {
    const tells = route !== undefined && (event.type === 'start' || event.type === 'finish');
    yield tells ? { ...event, route } : event;
  }
}
