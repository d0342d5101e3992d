import { z } from 'zod';
import type { ServiceRequest } from '../../engine/service.js';
import { refuseTooManyChoices } from '../choice-limit.js';
import { Failure } from '../failure.js';
import { booleanField, expected, integerField, optional, tokenLimitField } from '../fields.js';
import { choicesOf, commonFields, commonRequest, MAX_TOP_LOGPROBS } from '../generation-fields.js';
import type { ServedModels } from '../logit-bias.js';
import type { ModelName } from '../model-names.js';
import { promptField, promptsOf } from '../prompt-fields.js';

/** Prompts times completions of one request. */
const MAX_COMPLETIONS = 128;

/** llama-server's `/completion`. What is spelled as in OpenAI's routes means the same. */
export const completionSchema = z.looseObject(
  {
    ...commonFields,
    prompt: promptField,
    n_predict: tokenLimitField,
    n_cmpl: integerField(1, MAX_COMPLETIONS),
    n_probs: integerField(0, MAX_TOP_LOGPROBS),
    return_tokens: booleanField,
    response_fields: optional(z.array(z.string(), { error: expected('a list of names such as "timings/draft_n"') })),
  },
  { error: expected('a JSON object') },
);
export type CompletionBody = z.output<typeof completionSchema>;

/** Whether a field that only llama-server has asks for something. */
const ASKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  post_sampling_probs: (value) => value === true,
  adaptive_target: (value) => typeof value === 'number' && value >= 0,
  t_max_predict_ms: (value) => typeof value === 'number' && value > 0,
  lora: (value) => Array.isArray(value) && value.length > 0,
};

/**
 * One request for each prompt and completion, in order.
 * @throws Failure for prompts, their number and what is not supported
 */
export async function completionRequests(
  body: CompletionBody,
  model: ModelName,
  service: ServedModels,
): Promise<readonly ServiceRequest[]> {
  for (const [field, asks] of Object.entries(ASKS)) {
    if (asks(body[field])) refuse(field, 'this server does not support it; leave it out');
  }
  const prompts = await promptsOf(body.prompt, service);
  const n = body.n_cmpl ?? body.n ?? 1;
  if (prompts.length === 0) refuse('prompt', 'expected at least one prompt, got an empty list');
  if (prompts.length * n > MAX_COMPLETIONS)
    refuse('n_cmpl', `expected at most ${MAX_COMPLETIONS} prompts times completions`);
  const { n_probs = 0, n_predict = body.max_tokens } = body;
  const common = await commonRequest({ ...body, max_tokens: n_predict }, model, service);
  const requests = prompts.flatMap((prompt) =>
    choicesOf({ ...common, prompt, ...(n_probs > 0 && { logprobs: n_probs }) }, n),
  );
  refuseTooManyChoices(requests, { n, parameter: body.n_cmpl === undefined ? 'n' : 'n_cmpl' }, service.description);
  return requests;
}

function refuse(parameter: string, message: string): never {
  throw new Failure('invalid_request', `${parameter}: ${message}`, { parameter });
}
