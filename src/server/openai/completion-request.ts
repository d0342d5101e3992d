import { z } from 'zod';
import type { Prompt } from '../../engine/request.js';
import type { EngineService, ServiceRequest } from '../../engine/service.js';
import { Failure } from '../failure.js';
import { booleanField, expected, integerField, optional } from '../fields.js';
import { choicesOf, commonFields, commonRequest, MAX_TOP_LOGPROBS } from '../generation-fields.js';
import type { ModelName } from '../model-names.js';

/** Prompts times choices of one request. */
const MAX_COMPLETIONS = 128;

const token = z.number().int();
/** A text, tokens, or texts and tokens mixed. */
const single = z.union([z.string(), z.array(z.union([z.string(), token]))]);

export const completionSchema = z.looseObject(
  {
    ...commonFields,
    prompt: z.union([z.string(), z.array(z.union([z.string(), token, single]))], {
      error: expected('a string, a list of strings, tokens or a list of lists of tokens'),
    }),
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
  service: Pick<EngineService, 'tokenize'>,
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
  return { requests, n, echoes: requests.map(({ prompt }) => (echo && 'text' in prompt ? prompt.text : '')) };
}

function logprobsOf({ logprobs = false }: CompletionBody): number | undefined {
  if (typeof logprobs === 'number') return logprobs;
  return logprobs ? 1 : undefined;
}

type GivenPrompt = CompletionBody['prompt'];

/** A list with any number in it is one prompt; any other list is a list of prompts. */
export async function promptsOf(
  given: GivenPrompt,
  service: Pick<EngineService, 'tokenize'>,
): Promise<readonly Prompt[]> {
  if (typeof given === 'string') return [{ text: given }];
  if (given.some((item) => typeof item === 'number')) return [await singlePrompt(given as Mixed, service)];
  return Promise.all(given.map((item) => singlePrompt(item as string | Mixed, service)));
}

type Mixed = readonly (string | number)[];

async function singlePrompt(given: string | Mixed, service: Pick<EngineService, 'tokenize'>): Promise<Prompt> {
  if (typeof given === 'string') return { text: given };
  const stretches = await Promise.all(
    given.map(async (item, index) => {
      if (typeof item === 'number') return [item];
      // Only a text at the very beginning begins the prompt.
      const { tokens } = await service.tokenize({ text: item }, { addSpecial: index === 0, parseSpecial: true });
      return tokens;
    }),
  );
  return { tokens: stretches.flat() };
}

function refuse(parameter: string, message: string): never {
  throw new Failure('invalid_request', `${parameter}: ${message}`, { parameter });
}
