import { z } from 'zod';
import type { CompareRequest } from '../../engine/comparison/events.js';
import { drawSeed } from '../../engine/seed.js';
import { given } from '../../given.js';
import { parseWith } from '../body.js';
import { chatOf, messagesField, templateFields } from '../chat-fields.js';
import { Failure } from '../failure.js';
import { booleanField, expected, integerField, optional, stringField, tokenLimitField } from '../fields.js';
import type { ServedModels } from '../logit-bias.js';
import { samplingFields, samplingFrom } from '../sampling-fields.js';
import { refuseUnsupported } from '../unsupported.js';

/** Two answers, of which each token is judged: without another wish they stay short. */
const DEFAULT_MAX_TOKENS = 256;

export const compareSchema = z.looseObject(
  {
    prompt: stringField,
    messages: optional(messagesField),
    max_tokens: tokenLimitField,
    seed: integerField(0),
    draft: stringField,
    stream: booleanField,
    ...samplingFields,
    ...templateFields,
  },
  { error: expected('a JSON object') },
);

/** @throws Failure, OutriderError for what is wrong with the body */
export async function compareRequest(
  json: unknown,
  service: ServedModels,
): Promise<{ readonly request: CompareRequest; readonly stream: boolean }> {
  refuseUnsupported(json);
  const body = parseWith(compareSchema, json);
  const { max_tokens = DEFAULT_MAX_TOKENS, seed = drawSeed(), draft, stream = true } = body;
  const sampling = await samplingFrom(body, service, {});
  const prompt = promptOf(body);
  return { request: { prompt, sampling, seed, maxTokens: max_tokens, ...given({ draft }) }, stream };
}

function promptOf({ prompt, messages, ...template }: z.output<typeof compareSchema>): CompareRequest['prompt'] {
  if ((prompt === undefined) === (messages === undefined)) {
    const got = prompt === undefined ? 'neither' : 'both';
    throw new Failure('invalid_request', `prompt: expected either prompt or messages, got ${got}`, {
      parameter: 'prompt',
    });
  }
  return messages === undefined ? { text: prompt! } : chatOf({ ...template, messages });
}
