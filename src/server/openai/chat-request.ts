import { z } from 'zod';
import type { Chat } from '../../engine/request.js';
import type { EngineService, ServiceRequest } from '../../engine/service.js';
import type { ChatMessage } from '../../text/messages.js';
import { opensReasoning, ReasoningSplitter } from '../../text/reasoning.js';
import { Failure } from '../failure.js';
import { booleanField, expected, integerField, optional, stringField, tokenLimitField } from '../fields.js';
import { choicesOf, commonFields, commonRequest, MAX_TOP_LOGPROBS } from '../generation-fields.js';
import type { TextTokenizer } from '../logit-bias.js';
import type { ModelName } from '../model-names.js';

const part = z.union([z.string(), z.looseObject({ type: z.string(), text: z.string().optional() })]);

/** What roles and parts may be, the engine says: templates differ. */
const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(part)], { error: expected('a string, a list of parts or null') }).nullish(),
  name: z.string().nullish(),
  tool_call_id: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string().nullish(),
        type: z.string().nullish(),
        function: z.looseObject({
          name: z.string(),
          arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
        }),
      }),
    )
    .nullish(),
});

const prediction = z.looseObject({
  type: z.literal('content', { error: expected("'content'") }),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.literal('text'), text: z.string() }))]),
});

/** What the model's template is told beyond the conversation. */
export const templateFields = {
  chat_template_kwargs: optional(z.record(z.string(), z.unknown(), { error: expected('an object') })),
  reasoning_effort: stringField,
};

export const chatSchema = z.looseObject(
  {
    ...commonFields,
    messages: z.array(message, { error: expected('a list of messages') }),
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

/** No effort at all is what templates know as `enable_thinking`; whatever is named expressly comes first. */
export function chatOf(body: Pick<ChatBody, 'messages' | keyof typeof templateFields>): Chat {
  const { reasoning_effort: effort, chat_template_kwargs: named } = body;
  const variables = {
    ...(effort !== undefined && { reasoning_effort: effort }),
    ...(effort === 'none' && { enable_thinking: false }),
    ...named,
  };
  const messages = body.messages as readonly ChatMessage[];
  return Object.keys(variables).length > 0 ? { messages, variables } : { messages };
}

/** The choices that a chat asks for. */
export async function chatRequests(
  body: ChatBody,
  model: ModelName,
  service: TextTokenizer,
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
  return choicesOf(request, body.n);
}

function predicted(content: z.output<typeof prediction>['content']): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('');
}

/** What keeps reasoning apart from the answer of one choice; without the wish, or the tags, nothing is. */
export type SplitterFactory = () => ReasoningSplitter | undefined;

export async function splitterFor(
  body: ChatBody,
  service: Pick<EngineService, 'description' | 'render'>,
): Promise<SplitterFactory> {
  if (body.reasoning_format === 'none') return () => undefined;
  // Only a template that knows the tag can have opened it.
  const mayOpen = service.description.target.chatTemplate?.includes('<think>') ?? false;
  const opened = mayOpen && opensReasoning(await service.render(chatOf(body)));
  return () => new ReasoningSplitter(opened);
}
