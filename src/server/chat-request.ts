/** Chats as OpenAI's routes read them. */
import { z } from 'zod';
import type { ServiceRequest } from '../engine/service.js';
import { chatOf, messagesField, templateFields } from './chat-fields.js';
import { refuseTooManyChoices } from './choice-limit.js';
import { Failure } from './failure.js';
import { booleanField, expected, integerField, optional, stringField, tokenLimitField } from './fields.js';
import { choicesOf, commonFields, commonRequest, MAX_TOP_LOGPROBS } from './generation-fields.js';
import type { ServedModels } from './logit-bias.js';
import type { ModelName } from './model-names.js';

const prediction = z.looseObject({
  type: z.literal('content', { error: expected("'content'") }),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.literal('text'), text: z.string() }))]),
});

export const chatSchema = z.looseObject(
  {
    ...commonFields,
    messages: messagesField,
    max_completion_tokens: tokenLimitField,
    logprobs: booleanField,
    top_logprobs: integerField(0, MAX_TOP_LOGPROBS),
    prediction: optional(prediction),
    reasoning_format: stringField,
    ...templateFields,
  },
  { error: expected('a JSON object') },
);
export type ChatBody = z.output<typeof chatSchema>;

/**
 * The choices that a chat asks for.
 * @throws Failure for what is wrong with the fields and the number of choices
 */
export async function chatRequests(
  body: ChatBody,
  model: ModelName,
  service: ServedModels,
): Promise<readonly ServiceRequest[]> {
  const limits = [body.max_tokens, body.max_completion_tokens].filter((limit) => limit !== undefined);
  const { logprobs = false, top_logprobs = 0 } = body;
  if (!logprobs && top_logprobs > 0) {
    throw new Failure('invalid_request', 'top_logprobs: expected "logprobs": true with it', {
      parameter: 'top_logprobs',
    });
  }
  const request: ServiceRequest = {
    ...(await commonRequest(body, model, service)),
    prompt: chatOf(body),
    ...(limits.length > 0 && { maxTokens: Math.min(...limits) }),
    ...(logprobs && { logprobs: top_logprobs }),
    ...(body.prediction !== undefined && { prediction: predicted(body.prediction.content) }),
  };
  const { n = 1 } = body;
  const choices = choicesOf(request, n);
  refuseTooManyChoices(choices, { n, parameter: 'n' }, service.description);
  return choices;
}

function predicted(content: z.output<typeof prediction>['content']): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('');
}
