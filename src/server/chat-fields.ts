/** How requests of any dialect write a conversation, and what they tell the model's template. */
import { z } from 'zod';
import type { Chat } from '../engine/request.js';
import type { ChatMessage } from '../text/messages.js';
import { Failure } from './failure.js';
import { booleanField, expected, optional, stringField } from './fields.js';

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
  /** The last message is the assistant's and unfinished: the answer goes on with it, and is what comes behind it. */
  continue_final_message: booleanField,
  add_generation_prompt: booleanField,
};

const schema = z.object({ messages: messagesField, ...templateFields });

/** No effort at all is what templates know as `enable_thinking`; whatever is named expressly comes first. */
export function chatOf(body: z.output<typeof schema>): Chat {
  const goesOn = body.continue_final_message === true;
  if (goesOn && body.add_generation_prompt === true) {
    throw new Failure(
      'invalid_request',
      'continue_final_message: expected no add_generation_prompt with it, got both',
      {
        parameter: 'continue_final_message',
      },
    );
  }
  const { reasoning_effort: effort, chat_template_kwargs: named } = body;
  const variables = {
    ...(effort !== undefined && { reasoning_effort: effort }),
    ...(effort === 'none' && { enable_thinking: false }),
    ...named,
  };
  const messages = body.messages as readonly ChatMessage[];
  return {
    messages,
    ...(Object.keys(variables).length > 0 && { variables }),
    ...(goesOn && { ending: 'continue' as const }),
  };
}
