/** How requests of any dialect write a conversation, and what they tell the model's template. */
import { z } from 'zod';
import type { Chat } from '../engine/request.js';
import type { ChatMessage } from '../text/messages.js';
import { expected, optional, stringField } from './fields.js';

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

export const messagesField = z.array(message, { error: expected('a list of messages') });

/** What the model's template is told beyond the conversation. */
export const templateFields = {
  chat_template_kwargs: optional(z.record(z.string(), z.unknown(), { error: expected('an object') })),
  reasoning_effort: stringField,
};

const schema = z.object({ messages: messagesField, ...templateFields });

/** No effort at all is what templates know as `enable_thinking`; whatever is named expressly comes first. */
export function chatOf(body: z.output<typeof schema>): Chat {
  const { reasoning_effort: effort, chat_template_kwargs: named } = body;
  const variables = {
    ...(effort !== undefined && { reasoning_effort: effort }),
    ...(effort === 'none' && { enable_thinking: false }),
    ...named,
  };
  const messages = body.messages as readonly ChatMessage[];
  return Object.keys(variables).length > 0 ? { messages, variables } : { messages };
}
