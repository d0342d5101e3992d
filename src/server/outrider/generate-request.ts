import { z } from 'zod';
import type { ServiceRequest } from '../../engine/service.js';
import { parseWith } from '../body.js';
import { chatOf } from '../chat-fields.js';
import { chatRequests, chatSchema } from '../chat-request.js';
import { completionSchema, planCompletions } from '../completion-request.js';
import type { ServerContext } from '../dialect.js';
import { Failure } from '../failure.js';
import { expected, optional } from '../fields.js';
import { modelNamed } from '../model-names.js';
import { beginsInReasoning } from '../reasoning.js';
import { refuseUnsupported } from '../unsupported.js';

/** Likeliest tokens of each place that are told where a request does not say how many. */
const DEFAULT_TOP = 3;

/** What was already written of the answer: tokens, or text that is made into tokens. */
const resume = optional(
  z.union([z.string(), z.array(z.number().int())], { error: expected('a text or a list of tokens') }),
);

/** As OpenAI's routes read it, `messages` or one `prompt`; with `resume`, `max_tokens` counts what comes behind it. */
export const generateSchema = z.union([
  z.object({ ...chatSchema.shape, resume }),
  z.object({ ...completionSchema.shape, resume }),
]);

export interface GenerateRequest {
  readonly request: ServiceRequest;
  /** Whether the prompt has opened the model's reasoning, so that the text begins inside it; an engine has to say so. */
  readonly reasoning: Promise<boolean>;
}

/** @throws Failure for what is wrong with the body */
export async function generateRequest(json: unknown, server: ServerContext): Promise<GenerateRequest> {
  refuseUnsupported(json);
  const { description } = server.service;
  const { model: name } = parseWith(
    z.looseObject({ model: chatSchema.shape.model }, { error: expected('a JSON object') }),
    json,
  );
  const model = modelNamed(description, name, server.settings.mode);
  const isChat = typeof json === 'object' && json !== null && 'messages' in json;
  const { request, reasoning } = isChat ? await chat(json, model, server) : await completion(json, model, server);
  const resumed = await resumedTokens(json, server);
  return {
    reasoning,
    request: {
      ...request,
      logprobs: request.logprobs ?? DEFAULT_TOP,
      ...(resumed.length > 0 && { resume: resumed }),
      ...(request.maxTokens !== undefined && { maxTokens: request.maxTokens + resumed.length }),
    },
  };
}

type Model = ReturnType<typeof modelNamed>;

async function chat(json: object, model: Model, { service }: ServerContext): Promise<GenerateRequest> {
  const body = parseWith(chatSchema, json);
  const reasoning = beginsInReasoning(chatOf(body), service);
  // Whoever awaits it hears of a failure.
  reasoning.catch(() => {});
  return { request: only(await chatRequests(body, model, service), 'n'), reasoning };
}

async function completion(json: unknown, model: Model, { service }: ServerContext): Promise<GenerateRequest> {
  const { requests } = await planCompletions(parseWith(completionSchema, json), model, service);
  return { request: only(requests, 'prompt'), reasoning: Promise.resolve(false) };
}

function only(requests: readonly ServiceRequest[], parameter: string): ServiceRequest {
  const [request, ...more] = requests;
  if (request !== undefined && more.length === 0) return request;
  throw new Failure('invalid_request', `${parameter}: expected one answer, got ${requests.length}`, { parameter });
}

async function resumedTokens(json: unknown, { service }: ServerContext): Promise<readonly number[]> {
  const { resume: given } = parseWith(z.looseObject({ resume }), json);
  if (given === undefined || given === '') return [];
  if (typeof given !== 'string') return given;
  const { tokens } = await service.tokenize({ text: given }, { addSpecial: false, parseSpecial: false });
  return tokens;
}
