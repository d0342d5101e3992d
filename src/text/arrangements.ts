import { isDeepStrictEqual } from 'node:util';
import type { Role, TemplateMessage } from './messages.js';

/** The same conversation told in fewer roles. Every content is there once and in order. */
export interface Arrangement {
  readonly messages: readonly TemplateMessage[];
  /** What was changed, in words; none for the messages as they came. */
  readonly notes: readonly string[];
}

type Change = (messages: readonly TemplateMessage[]) => TemplateMessage[];

/** From the least change to the greatest; each is made on top of those before it. */
const CHANGES: readonly { readonly note: string; readonly change: Change }[] = [
  { note: 'developer messages are written as system messages', change: developerAsSystem },
  { note: 'later system messages are written as user messages', change: laterSystemAsUser },
  { note: 'neighbours of one role are joined', change: joinNeighbours },
  { note: 'tool calls and results are written as text', change: (messages) => joinNeighbours(toolsAsText(messages)) },
  { note: 'the system message is written into the first user message', change: systemAsUser },
  { note: 'an empty user message comes before the first assistant message', change: userFirst },
];

/**
 * A conversation and the ways to tell it to a template that refuses it, least changed first: templates raise for a system
 * message that is not the first, for two turns of one role in a row, for roles they do not know. Depends on the messages
 * alone, so that the same conversation always becomes the same prompt.
 */
export function* arrangements(messages: readonly TemplateMessage[]): Generator<Arrangement> {
  let last: Arrangement = { messages, notes: [] };
  yield last;
  for (const { note, change } of CHANGES) {
    const changed = change(last.messages);
    if (isDeepStrictEqual(changed, last.messages)) continue;
    last = { messages: changed, notes: [...last.notes, note] };
    yield last;
  }
}

/** Writes the messages of one role as another's. */
export function changeRole(messages: readonly TemplateMessage[], from: Role, to: Role): TemplateMessage[] {
  return messages.map((message) => (message.role === from ? { ...message, role: to } : message));
}

/** An assistant's tool calls as JSON after its text, for templates that do not show them. */
export function callsAsText(messages: readonly TemplateMessage[]): TemplateMessage[] {
  return messages.map(({ tool_calls: calls, ...message }) => {
    if (calls === undefined) return message;
    const lines = calls.map((call) => JSON.stringify(call.function));
    return { ...message, content: [message.content, ...lines].filter((text) => text !== '').join('\n') };
  });
}

function developerAsSystem(messages: readonly TemplateMessage[]): TemplateMessage[] {
  return changeRole(messages, 'developer', 'system');
}

function laterSystemAsUser(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const firstOther = messages.findIndex(({ role }) => role !== 'system');
  return messages.map((message, index) =>
    message.role === 'system' && firstOther >= 0 && index > firstOther ? { ...message, role: 'user' } : message,
  );
}

function toolsAsText(messages: readonly TemplateMessage[]): TemplateMessage[] {
  return changeRole(callsAsText(messages), 'tool', 'user').map(({ tool_call_id: _, ...message }) => message);
}

function systemAsUser(messages: readonly TemplateMessage[]): TemplateMessage[] {
  return joinNeighbours(changeRole(messages, 'system', 'user'));
}

function userFirst(messages: readonly TemplateMessage[]): TemplateMessage[] {
  return messages[0]?.role === 'assistant' ? [{ role: 'user', content: '' }, ...messages] : [...messages];
}

/** Tool results stay apart: each answers a call of its own. */
function joinNeighbours(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const joined: TemplateMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (last === undefined || last.role !== message.role || message.role === 'tool') joined.push(message);
    else joined[joined.length - 1] = join(last, message);
  }
  return joined;
}

function join(first: TemplateMessage, second: TemplateMessage): TemplateMessage {
  const calls = [...(first.tool_calls ?? []), ...(second.tool_calls ?? [])];
  return {
    ...first,
    ...second,
    content: [first.content, second.content].filter((text) => text !== '').join('\n\n'),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}
