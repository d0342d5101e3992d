/** Runs a planned request: folds its rounds into text, statistics and times, and emits events. */
import { OutriderError } from '../errors.js';
import { generate } from '../speculative/index.js';
import { Answer } from './answer.js';
import { Course, type CourseParts } from './course.js';
import type { GenerationEvent, PromptEvent, RoundEvent } from './events.js';
import type { LoadedModels } from './load.js';
import type { Plan } from './prepare.js';
import { Updates } from './updates.js';

const now = (): number => performance.now();

/** The end of a request that was aborted before it had a place. */
export function abortedInQueue(plan: Plan): Iterable<GenerationEvent> {
  return new Answer(plan, { now, cachedTokens: () => 0 }).abort();
}

/** How a request began before it came to be run. */
export interface Beginning extends Partial<Pick<CourseParts, 'watch' | 'written'>> {
  /** When it had its turn, by this process's `performance.now`; default: now. */
  readonly began?: number;
}

/** Never throws: what goes wrong becomes an `error` event, an abort a `finish` with what is there. */
export async function* run(
  plan: Plan,
  models: LoadedModels,
  signal: AbortSignal,
  { began, watch = (sampler) => sampler, written }: Beginning = {},
): AsyncGenerator<GenerationEvent, void, void> {
  const progress = new Updates<Omit<PromptEvent, 'type'>>();
  const onProgress: CourseParts['onProgress'] = (evaluated, total, cached) =>
    progress.push({ evaluated, total, cached });
  const course = new Course({ plan, models, signal, now, onProgress, watch, written });
  const answer = new Answer(plan, {
    now,
    began,
    cachedTokens: () => course.cachedTokens,
    use: () => course.use,
    logprobsAt: plan.logprobs === undefined ? undefined : (position) => course.logprobsAt(position),
    canAvoid: (setback) => course.canAvoid(setback),
  });
  try {
    course.open();
    yield startEvent(plan, course.cachedTokens);
    if (answer.isStopped) return yield* answer.finish();
    answer.know(await course.resume(plan.resume, answer.told));
    for (let stretch: 'first' | 'next' | 'over' = 'first'; stretch !== 'over'; ) {
      const rounds = generate(course.generation);
      const first = rounds.next();
      if (stretch === 'first') for await (const done of progress.until(first)) yield { type: 'prompt', ...done };
      for (let step = await first; !step.done; step = await rounds.next()) {
        const isWritten = course.hasWritten(step.value.draft);
        const position = course.dropped + step.value.position;
        const round: RoundEvent = { type: 'round', ...step.value, position, ...(isWritten && { escalated: true }) };
        const told = [...answer.add(round)];
        yield answer.setback === undefined ? round : { ...round, kept: answer.setback.tokens };
        yield* told;
        if (answer.isStopped || answer.setback !== undefined) break;
      }
      stretch = answer.isStopped ? 'over' : goOn(course, answer);
    }
    yield* answer.finish();
  } catch (error) {
    if (signal.aborted) yield* answer.abort();
    else yield { type: 'error', error: asOutriderError(error) };
  } finally {
    course.close();
  }
}

/** What keeps an answer from being over where the loop has ended: it has to go back, or only the context is full. */
function goOn(course: Course, answer: Answer): 'next' | 'over' {
  if (answer.setback !== undefined) {
    course.goBack(answer.setback);
    answer.goBack();
    return 'next';
  }
  if (!course.isAtContextEnd) return 'over';
  course.slide();
  return 'next';
}

function startEvent(plan: Plan, cachedTokens: number): GenerationEvent {
  const { mode, seed, seedOrigin, verification, draft, leniency, promptTokens, notes } = plan;
  return {
    type: 'start',
    mode,
    seed,
    seedOrigin,
    verification,
    draftMax: draft.max,
    promptTokens: promptTokens.length,
    cachedTokens,
    notes,
    ...(leniency > 0 && { leniency }),
  };
}

function asOutriderError(error: unknown): OutriderError {
  if (error instanceof OutriderError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new OutriderError('backend_failed', message, { cause: error });
}
