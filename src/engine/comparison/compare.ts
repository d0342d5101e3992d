import { OutriderError } from '../../errors.js';
import type { Token } from '../../speculative/index.js';
import type { FinishEvent } from '../events.js';
import { merged } from '../merged.js';
import type { EngineDescription, EngineService, ModelDescription, ServiceRequest } from '../service.js';
import { divergenceOf } from './divergence.js';
import type { CompareEvent, CompareRequest, Comparison, Side } from './events.js';
import { draftingCosts } from './expected-speedup.js';
import { agreementOf, judge, piecesOf } from './judge.js';

/** What comparing needs of an engine. */
export type CompareService = Pick<EngineService, 'description' | 'generate' | 'pieces' | 'score' | 'passCosts'>;

/** A comparison under way. */
interface Comparing {
  readonly service: CompareService;
  readonly request: CompareRequest;
  readonly draft: ModelDescription;
  readonly signal: AbortSignal;
  readonly finishes: Map<Side, FinishEvent>;
}

/**
 * Both models answer a prompt, each by itself; then the target judges what the draft model has written, token by token.
 * The target's answer is what speculation would write too; so this shows what the draft model is worth alone, and what it
 * is worth to the target. Ending the iteration early, or the signal, stops both.
 *
 * @throws OutriderError what is wrong with the request, at the first `next()`; what goes wrong later
 */
export async function* compare(
  service: CompareService,
  request: CompareRequest,
  signal?: AbortSignal,
): AsyncGenerator<CompareEvent, void, void> {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  const draft = draftNamed(service.description, request.draft);
  const comparing: Comparing = { service, request, draft, signal: abort.signal, finishes: new Map() };
  try {
    let started = false;
    for await (const event of written(comparing)) {
      if (!started) yield startOf(comparing);
      started = true;
      if (event !== 'begun') yield event;
    }
    if (abort.signal.aborted) return;
    yield { type: 'comparison', ...(await comparisonOf(comparing)) };
  } catch (error) {
    const isTakenBack = error instanceof OutriderError && error.code === 'aborted' && signal?.aborted === true;
    if (!isTakenBack) throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** @throws OutriderError invalid_argument */
function draftNamed({ target, drafts }: EngineDescription, name: string | undefined): ModelDescription {
  const draft = name === undefined ? drafts[0] : drafts.find((one) => one.name === name);
  if (draft !== undefined) return draft;
  const problem =
    drafts.length === 0
      ? `comparing needs a draft model beside ${target.name}, and none is loaded; give one with --model-draft`
      : `draft: expected one of ${drafts.map((one) => one.name).join(', ')}, got '${name}'`;
  throw new OutriderError('invalid_argument', problem, { parameter: 'draft' });
}

function startOf({ service, request, draft }: Comparing): CompareEvent {
  const sides = [
    { side: 'main', model: service.description.target.name },
    { side: 'draft', model: draft.name },
  ] as const;
  return { type: 'start', sides, seed: request.seed };
}

/** What a side tells; it has begun when its request is known to be good. */
type SideEvent = CompareEvent | 'begun';

async function* written(comparing: Comparing): AsyncGenerator<SideEvent, void, void> {
  const { request, signal } = comparing;
  // Aborted when one side fails, and when both are through.
  const both = new AbortController();
  const stoppable = { ...comparing, signal: AbortSignal.any([signal, both.signal]) };
  const sides = [writeSide('main', stoppable), writeSide('draft', stoppable)];
  if (request.order === 'in turn') for (const side of sides) yield* side;
  else for await (const { value } of merged(sides, both)) yield value;
}

async function* writeSide(side: Side, comparing: Comparing): AsyncGenerator<SideEvent, void, void> {
  const { service, finishes, signal } = comparing;
  let tokens = 0;
  for await (const event of service.generate(requestOf(side, comparing), signal)) {
    if (event.type === 'error') throw event.error;
    if (event.type === 'start') yield 'begun';
    if (event.type === 'round') tokens += event.tokens.length;
    if (event.type === 'text') yield { type: 'text', side, text: event.text, tokens };
    if (event.type === 'finish') {
      finishes.set(side, event);
      const { text, timings, completionTokens, reason } = event;
      yield { type: 'end', side, text, tokens: completionTokens, timings, finishReason: reason };
    }
  }
}

function requestOf(side: Side, { request, draft }: Comparing): ServiceRequest {
  const { prompt, seed, maxTokens, sampling } = request;
  return {
    prompt,
    seed,
    mode: side,
    // What the target is to judge has to fit its context, prompt included.
    contextShift: false,
    ...(side === 'draft' && { writer: draft.name }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(sampling !== undefined && { sampling }),
  };
}

async function comparisonOf({ service, request, draft, finishes, signal }: Comparing): Promise<Comparison> {
  const { prompt, sampling } = request;
  const main = finishes.get('main')!;
  const answer = finishes.get('draft')!;
  const wishes = { prompt, ...(sampling !== undefined && { sampling }) };
  const byDraft = await service.score(
    { ...wishes, tokens: answer.tokens, mode: 'draft', writer: draft.name, top: 0 },
    signal,
  );
  const byTarget = await service.score({ ...wishes, tokens: answer.tokens, writtenBy: draft.name }, signal);
  const judged = judge(byTarget.tokens, byDraft.tokens);
  const piecesIn = async (of: readonly Token[]): Promise<string[]> => piecesOf(await service.pieces(of, false));
  return {
    divergence: divergenceOf(
      { text: main.text, pieces: await piecesIn(main.tokens) },
      { text: answer.text, pieces: await piecesIn(byTarget.tokens.map(({ token }) => token)) },
    ),
    agreement: agreementOf(judged, draftingCosts(await service.passCosts(), draft.name, byTarget.promptTokens)),
    tokens: judged,
    judgingMs: byTarget.ms,
  };
}
