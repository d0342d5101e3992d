/** Who writes the answer of a request in mode `auto`, as far as that can be told before anything is evaluated. */
import { OutriderError } from '../errors.js';
import { decideRoute, type RequestFacts, type RouteDecision, type RouteRules } from '../routing/index.js';
import type { Route } from './events.js';
import type { LoadedModels } from './load.js';
import { type DirectMode, type DirectRequest, type Plan, prepare } from './prepare.js';
import { plainMessages, tokenizePrompt } from './prompt.js';
import type { GenerationRequest } from './request.js';

/** A request with the model that writes, or with what each of two would do. */
export type RoutedRequest =
  | { readonly kind: 'decided'; readonly plan: Plan /** Of mode `auto`. */; readonly route: Route | undefined }
  | UndecidedRequest;

/** The draft model begins; what the target does with that is up to it. */
export interface UndecidedRequest {
  readonly kind: 'undecided';
  readonly draft: Plan;
  readonly target: Plan;
  readonly rule: string;
  readonly reason: string;
}

/** As `prepare`, for any mode. */
export function routeRequest(
  request: GenerationRequest,
  models: LoadedModels,
  rules: RouteRules,
  drawSeed: () => number,
): RoutedRequest {
  if (isDirect(request)) return { kind: 'decided', plan: prepare(request, models, drawSeed), route: undefined };
  let seed: number | undefined;
  const drawOnce = (): number => {
    seed ??= drawSeed();
    return seed;
  };
  const planFor = (mode: DirectMode, changes: Partial<DirectRequest> = {}): Plan =>
    prepare({ ...request, ...changes, mode }, models, drawOnce);
  const decided = (route: Route): RoutedRequest => ({
    kind: 'decided',
    plan: planFor(route.to === 'draft' ? 'draft' : 'speculative'),
    route,
  });

  if (request.route !== undefined) return decided(request.route);
  const { to, rule, reason } = decisionFor(request, models, rules);
  if (to === 'target') return decided({ to, rule, reason });
  try {
    if (to === 'draft') return decided({ to, rule, reason });
    const draft = planFor('draft');
    // The target's own text under its seed, whatever the draft model wrote: only matching promises that.
    const target = planFor('speculative', { verification: request.verification ?? 'match' });
    return { kind: 'undecided', draft, target, rule, reason };
  } catch (error) {
    if (!(error instanceof OutriderError)) throw error;
    // What is wrong with the request itself the target refuses, too.
    return decided({ to: 'target', rule, reason: `the draft model cannot: ${error.message}` });
  }
}

function isDirect(request: GenerationRequest): request is DirectRequest {
  return request.mode !== 'auto';
}

function decisionFor(request: GenerationRequest, models: LoadedModels, rules: RouteRules): RouteDecision {
  if (models.draft === undefined) return { to: 'target', rule: 'no-draft-model', reason: 'no draft model is loaded' };
  const decision = decideRoute(factsOf(request, models), rules);
  if (decision.to !== 'target' && !hasSharedIds(request, models)) {
    return { to: 'target', rule: decision.rule, reason: 'the request names tokens by ids that the draft model lacks' };
  }
  if (decision.to !== 'undecided' || request.resume === undefined || request.resume.length === 0) return decision;
  return { to: 'target', rule: decision.rule, reason: 'a text that is under way is not begun by the draft model' };
}

/** Whether the tokens that a request names by the target's ids are the draft model's under the same ids. */
function hasSharedIds({ prompt, sampling, writer }: GenerationRequest, { draft, drafts }: LoadedModels): boolean {
  const pair = (drafts.find(({ name }) => name === writer) ?? draft)?.pair;
  const named = [...('tokens' in prompt ? prompt.tokens : []), ...(sampling?.logitBias?.keys() ?? [])];
  return named.every((token) => pair?.toTarget(token) === token);
}

function factsOf({ prompt, maxTokens, effort }: GenerationRequest, { target }: LoadedModels): RequestFacts {
  // Nothing that the engine writes has to follow a schema or may call tools.
  const wishes = { maxTokens, effort, structured: false };
  if ('messages' in prompt) {
    const messages = plainMessages(prompt.messages);
    return { ...wishes, messages, text: messages.map(({ content }) => content).join('\n') };
  }
  if ('text' in prompt) return { ...wishes, messages: undefined, text: prompt.text };
  const { vocabulary } = target.model;
  const bytes = tokenizePrompt(prompt, target).tokens.map((token) => vocabulary.bytes(token, true));
  return { ...wishes, messages: undefined, text: Buffer.concat(bytes).toString() };
}
