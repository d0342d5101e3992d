/** llama-server's objects of a completion. */
import { z } from 'zod';
import type { FinishEvent, StartEvent, TokenLogprob } from '../../engine/events.js';
import type { Prompt } from '../../engine/request.js';
import type { EngineService, ServiceRequest } from '../../engine/service.js';
import { given } from '../../given.js';
import type { Token } from '../../speculative/index.js';
import { count, listOf, token } from '../engine-schemas.js';
import { chatLogprobs, logprobContentSchema } from '../logprobs.js';
import { outriderReport, outriderSchema } from '../report.js';
import {
  type LlamaTimings,
  llamaTimings,
  llamaTimingsSchema,
  type PromptProgress,
  promptProgressSchema,
} from '../timings.js';
import { generationSettingsSchema, settingsOf } from './generation-settings.js';

/** llama-server's word for "no slot in particular": which cache a request uses is the engine's affair. */
const ANY_SLOT = -1;

const commonFields = {
  index: count,
  content: z.string(),
  tokens: listOf(token),
  id_slot: z.int(),
  tokens_predicted: count,
  tokens_evaluated: count,
  completion_probabilities: logprobContentSchema.optional(),
};

export const partialSchema = z.object({
  ...commonFields,
  stop: z.literal(false),
  timings: llamaTimingsSchema.optional(),
  prompt_progress: promptProgressSchema.optional(),
});

export const finalSchema = z.object({
  ...commonFields,
  stop: z.literal(true),
  model: z.string(),
  generation_settings: generationSettingsSchema,
  prompt: z.string(),
  has_new_line: z.boolean(),
  truncated: z.boolean(),
  stop_type: z.enum(['none', 'eos', 'limit', 'word']),
  stopping_word: z.string(),
  tokens_cached: count,
  timings: llamaTimingsSchema,
  outrider: outriderSchema,
});

/** What is known of a completion before it runs. */
export interface CompletionFrame {
  readonly index: number;
  readonly model: string;
  readonly request: ServiceRequest;
  readonly promptText: Promise<string>;
  readonly stream: boolean;
  readonly returnTokens: boolean;
}

/** What an event of a stream has to tell that is not the last one. */
export interface CompletionPart {
  readonly content?: string;
  /** Whose text `content` completes. */
  readonly tokens?: readonly Token[];
  /** Tokens so far. */
  readonly predicted: number;
  readonly promptTokens: number;
  readonly logprobs?: readonly TokenLogprob[] | undefined;
  readonly timings?: LlamaTimings;
  readonly progress?: PromptProgress;
}

export function partialCompletion({ index }: CompletionFrame, part: CompletionPart): z.output<typeof partialSchema> {
  const { content = '', tokens = [], predicted, promptTokens, logprobs, timings, progress } = part;
  return {
    index,
    content,
    tokens,
    stop: false,
    id_slot: ANY_SLOT,
    tokens_predicted: predicted,
    tokens_evaluated: promptTokens,
    ...probabilities(logprobs),
    ...given({ timings, prompt_progress: progress }),
  };
}

/** The whole answer, or the last event of a stream, where `content` and `tokens` came before. */
export async function finalCompletion(
  frame: CompletionFrame,
  content: string,
  start: StartEvent | undefined,
  finish: FinishEvent,
  logprobs?: readonly TokenLogprob[],
): Promise<z.output<typeof finalSchema>> {
  const { index, model, request, promptText, stream, returnTokens } = frame;
  return {
    index,
    content,
    tokens: returnTokens && !stream ? finish.tokens : [],
    id_slot: ANY_SLOT,
    stop: true,
    model,
    tokens_predicted: finish.completionTokens,
    tokens_evaluated: finish.promptTokens,
    generation_settings: settingsOf(request, start, stream),
    prompt: await promptText,
    has_new_line: finish.text.includes('\n'),
    truncated: isTruncated(request, finish),
    stop_type: stopType(finish),
    stopping_word: finish.stop ?? '',
    // The last token was drawn and not evaluated.
    tokens_cached: finish.promptTokens + Math.max(0, finish.completionTokens - 1) - (finish.dropped ?? 0),
    timings: llamaTimings(finish),
    outrider: outriderReport({ start, finish }),
    ...probabilities(logprobs),
  };
}

function stopType({ reason, stop }: FinishEvent): 'none' | 'eos' | 'limit' | 'word' {
  if (reason === 'aborted') return 'none';
  if (reason === 'length') return 'limit';
  return stop === undefined ? 'eos' : 'word';
}

/** Whether the context, and not the request, ended or shortened the text. */
function isTruncated({ maxTokens = Number.POSITIVE_INFINITY }: ServiceRequest, finish: FinishEvent): boolean {
  return finish.dropped !== undefined || (finish.reason === 'length' && finish.completionTokens < maxTokens);
}

function probabilities(
  logprobs: readonly TokenLogprob[] = [],
): Pick<z.output<typeof partialSchema>, 'completion_probabilities'> {
  return logprobs.length > 0 ? { completion_probabilities: chatLogprobs(logprobs).content } : {};
}

/** The prompt as text, tokens included. */
export async function textOf(prompt: Prompt, service: Pick<EngineService, 'pieces' | 'render'>): Promise<string> {
  if ('text' in prompt) return prompt.text;
  if ('messages' in prompt) return service.render(prompt);
  return Buffer.concat(await service.pieces(prompt.tokens, true)).toString('utf8');
}
