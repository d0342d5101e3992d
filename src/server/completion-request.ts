/** Plain completions as OpenAI's routes read them. */
import { z } from 'zod';
import type { ServiceRequest } from '../engine/service.js';
import { refuseTooManyChoices } from './choice-limit.js';
import { Failure } from './failure.js';
import { booleanField, expected, integerField, optional } from './fields.js';
import { choicesOf, commonFields, commonRequest, MAX_TOP_LOGPROBS } from './generation-fields.js';
import type { ServedModels } from './logit-bias.js';
import type { ModelName } from './model-names.js';
import { promptField, promptsOf } from './prompt-fields.js';

/** Prompts times choices of one request. */
const MAX_COMPLETIONS = 128;

export const completionSchema = z.looseObject(
  {
    ...commonFields,
    prompt: promptField,
    logprobs: optional(
      z.union([z.boolean(), z.number().int().min(0).max(MAX_TOP_LOGPROBS)], {
        error: expected(`an integer from 0 to ${MAX_TOP_LOGPROBS}`),
      }),
    ),
    echo: booleanField,
    best_of: integerField(1),
  },
  { error: expected('a JSON object') },
);
export type CompletionBody = z.output<typeof completionSchema>;

/** What one request comes to: `n` choices of each prompt, in order. */
export interface CompletionPlan {
  readonly requests: readonly ServiceRequest[];
  /** Put before the text of each of the requests. */
  readonly echoes: readonly string[];
  readonly n: number;
}

/** @throws Failure for what is wrong with the prompts and their number */
export async function planCompletions(
  body: CompletionBody,
  model: ModelName,
  service: ServedModels,
): Promise<CompletionPlan> {
  const { n = 1, best_of = n, echo = false } = body;
  if (best_of !== n) refuse('best_of', `expected n, ${n}, or nothing: the best of several is not chosen here`);
  const prompts = await promptsOf(body.prompt, service);
  if (prompts.length === 0) refuse('prompt', 'expected at least one prompt, got an empty list');
  if (prompts.length * n > MAX_COMPLETIONS) refuse('n', `expected at most ${MAX_COMPLETIONS} prompts times choices`);
  const logprobs = logprobsOf(body);
  if (echo && logprobs !== undefined) refuse('echo', 'expected no logprobs with it: those of prompts are not computed');
  if (echo && prompts.some((prompt) => !('text' in prompt)))
    refuse('echo', 'expected texts as prompts with it, not tokens');
  const common = await commonRequest(body, model, service);
  const requests = prompts.flatMap((prompt) =>
    choicesOf({ ...common, prompt, ...(logprobs !== undefined && { logprobs }) }, n),
  );
  refuseTooManyChoices(requests, { n, parameter: 'n' }, service.description);
  return { requests, n, echoes: requests.map(({ prompt }) => (echo && 'text' in prompt ? prompt.text : '')) };
}

function logprobsOf({ logprobs = false }: CompletionBody): number | undefined {
  if (typeof logprobs === 'number') return logprobs;
  return logprobs ? 1 : undefined;
}

function refuse(parameter: string, message: string): never {
  throw new Failure('invalid_request', `${parameter}: ${message}`, { parameter });
}
