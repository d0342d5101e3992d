import type { FactMessage, RequestFacts } from './facts.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The facts of a request as a client sent it: a body of OpenAI's chats or completions, of llama-server's `/completion` or of
 * KoboldCpp's `/api/v1/generate`. Undefined where it is none of these. What is not as it should be is passed over.
 */
export function factsOfBody(body: unknown): RequestFacts | undefined {
  if (!isFields(body)) return undefined;
  const messages = Array.isArray(body.messages) ? body.messages.filter(isFields).map(messageOf) : undefined;
  if (messages === undefined && !('prompt' in body)) return undefined;
  return {
    messages,
    text: messages?.map(({ content }) => content).join('\n') ?? `${textOf(body.memory)}${textOf(body.prompt)}`,
    maxTokens: limitOf(body),
    effort: typeof body.reasoning_effort === 'string' ? body.reasoning_effort : undefined,
    structured: asksForTools(body) || asksForSchema(body),
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function messageOf({ role, content }: Fields): FactMessage {
  return { role: typeof role === 'string' ? role : '', content: textOf(content) };
}

/** A text, or the texts of a list of parts. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value.map((part) => (isFields(part) ? textOf(part.text) : textOf(part))).join('\n');
}

/** The dialects' names of the token limit; a negative one is none. */
function limitOf(body: Fields): number | undefined {
  const limits = [body.max_tokens, body.max_completion_tokens, body.n_predict, body.max_length].filter(
    (limit): limit is number => typeof limit === 'number' && limit >= 0,
  );
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

function asksForTools({ tools, tool_choice }: Fields): boolean {
  return Array.isArray(tools) && tools.length > 0 && tool_choice !== 'none';
}

function asksForSchema({ response_format: format, json_schema, grammar }: Fields): boolean {
  const formatted = isFields(format) && typeof format.type === 'string' && format.type !== 'text';
  const schema = isFields(json_schema) && Object.keys(json_schema).length > 0;
  return formatted || schema || (typeof grammar === 'string' && grammar !== '');
}
