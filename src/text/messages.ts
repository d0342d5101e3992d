import { isNestedTooDeep } from './json-nesting.js';

/** Who speaks. `developer` is OpenAI's newer name for `system`; `tool` gives the result of a call. */
export const ROLES = ['system', 'developer', 'user', 'assistant', 'tool'] as const;
export type Role = (typeof ROLES)[number];

/** A message as clients of chat interfaces send it: fields may be absent or null. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: string | readonly ContentPart[] | null;
  readonly name?: string | null;
  readonly tool_calls?: readonly ToolCall[] | null;
  readonly tool_call_id?: string | null;
  readonly reasoning_content?: string | null;
}

/** A part of a message's content. Only parts with `text` can be shown to a language model. */
export type ContentPart = string | { readonly type: string; readonly text?: string };

/** A call that an assistant made. `arguments` is an object or, as OpenAI writes it, the JSON of one. */
export interface ToolCall {
  readonly id?: string | null;
  readonly type?: string | null;
  readonly function: { readonly name: string; readonly arguments?: string | Readonly<Record<string, unknown>> | null };
}

/** A message as chat templates read it: every field that is there has a value. */
export interface TemplateMessage {
  readonly role: Role;
  readonly content: string;
  readonly name?: string;
  readonly tool_calls?: readonly TemplateToolCall[];
  readonly tool_call_id?: string;
  readonly reasoning_content?: string;
}

/** A call whose arguments are an object wherever they could be read as one: that is what templates expect. */
export interface TemplateToolCall {
  readonly id?: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: unknown };
}

/** Messages that no chat template can be given; `message` names the one at fault by its index. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
}

/**
 * Brings messages into the form that chat templates read. Content that is null, absent or an empty list becomes the empty
 * text, parts of text are joined by line breaks, arguments of tool calls become objects, null fields are left out.
 * @throws MessageError for an empty list, an unknown role and parts that are not text
 */
export function normaliseMessages(messages: readonly ChatMessage[]): TemplateMessage[] {
  if (messages.length === 0) throw new MessageError('messages is an empty list; give at least one message');
  return messages.map((message, index) => ({
    role: roleOf(message.role, index),
    content: contentOf(message.content, index),
    ...(message.name ? { name: message.name } : {}),
    ...(message.tool_calls?.length ? { tool_calls: message.tool_calls.map(toolCallOf) } : {}),
    ...(message.tool_call_id ? { tool_call_id: message.tool_call_id } : {}),
    ...(message.reasoning_content ? { reasoning_content: message.reasoning_content } : {}),
  }));
}

function roleOf(role: string, index: number): Role {
  const known = ROLES.find((name) => name === role);
  if (known === undefined) {
    throw new MessageError(`messages[${index}].role is ${JSON.stringify(role)}; use one of ${ROLES.join(', ')}`);
  }
  return known;
}

function contentOf(content: ChatMessage['content'], index: number): string {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  const texts = content.map((part, at) => {
    if (typeof part === 'string') return part;
    if (typeof part.text === 'string') return part.text;
    throw new MessageError(
      `messages[${index}].content[${at}] is of type ${JSON.stringify(part.type)}; only text can be read`,
    );
  });
  return texts.join('\n');
}

function toolCallOf({ id, function: called }: ToolCall): TemplateToolCall {
  const { name } = called;
  return { ...(id ? { id } : {}), type: 'function', function: { name, arguments: argumentsOf(called.arguments) } };
}

function argumentsOf(given: ToolCall['function']['arguments']): unknown {
  if (given === null || given === undefined || given === '') return {};
  if (typeof given !== 'string') return given;
  // As little as text that is no JSON: whoever walks it would run out of stack.
  if (isNestedTooDeep(given)) return given;
  try {
    const parsed: unknown = JSON.parse(given);
    // Anything but an object is what a model wrote by mistake: the template shows it as it was.
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : given;
  } catch {
    return given;
  }
}
