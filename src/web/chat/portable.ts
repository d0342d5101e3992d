/** Chats as a file, to take to another browser. */
import { type Chat, MAX_TITLE, type Message, type Settings } from './chat.js';
import { MODES } from './frames.js';

const FORMAT = 'outrider-chats';
const VERSION = 1;

/** The text of the file; tokens and how answers were written stay here. */
export function exported(chats: readonly Chat[]): string {
  const plain = chats.map(({ title, named, created, changed, system, settings, messages }) => ({
    title,
    named,
    created,
    changed,
    system,
    settings,
    messages: messages.map(({ role, text, reasoning }) => ({ role, text, ...(reasoning && { reasoning }) })),
  }));
  return `${JSON.stringify({ format: FORMAT, version: VERSION, chats: plain }, null, 2)}\n`;
}

/**
 * The chats of such a file, as new ones.
 * @param newId names each chat and message
 * @throws Error that says what is wrong with the file, for people
 */
export function imported(text: string, newId: () => string): readonly Chat[] {
  const file = objectFrom(parsed(text), 'the file');
  if (file.format !== FORMAT) throw new Error('This is not a file of chats that Outrider exported.');
  if (file.version !== VERSION)
    throw new Error(`The file is of version ${String(file.version)}; this page reads ${VERSION}.`);
  return listFrom(file.chats, 'chats').map((chat, index) => chatFrom(chat, `chat ${index + 1}`, newId));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('The file is not JSON.');
  }
}

function chatFrom(value: unknown, place: string, newId: () => string): Chat {
  const { title, named, created, changed, system, settings, messages } = objectFrom(value, place);
  return {
    id: newId(),
    title: textFrom(title, `${place}, title`).slice(0, MAX_TITLE),
    named: named === true,
    created: numberFrom(created, `${place}, created`),
    changed: numberFrom(changed, `${place}, changed`),
    system: textFrom(system, `${place}, system`),
    settings: settingsFrom(objectFrom(settings, `${place}, settings`)),
    messages: listFrom(messages, `${place}, messages`).map((message, index) =>
      messageFrom(message, `${place}, message ${index + 1}`, newId),
    ),
  };
}

function messageFrom(value: unknown, place: string, newId: () => string): Message {
  const { role, text, reasoning } = objectFrom(value, place);
  if (role !== 'user' && role !== 'assistant') throw wrong(`${place}, role`, 'user or assistant', role);
  return { id: newId(), role, text: textFrom(text, `${place}, text`), ...(reasoning === true && { reasoning }) };
}

const NUMBERS = [
  'draftMax',
  'leniency',
  'maxTokens',
  'temperature',
  'topP',
  'topK',
  'minP',
  'repeatPenalty',
  'seed',
] as const satisfies readonly (keyof Settings)[];

function settingsFrom(settings: Readonly<Record<string, unknown>>): Settings {
  const mode = MODES.find((name) => name === settings.mode);
  if (mode === undefined && settings.mode !== undefined) throw wrong('settings, mode', MODES.join(', '), settings.mode);
  const numbers = NUMBERS.filter((name) => settings[name] !== undefined).map((name) => [
    name,
    numberFrom(settings[name], `settings, ${name}`),
  ]);
  return { ...(mode !== undefined && { mode }), ...Object.fromEntries(numbers) };
}

function objectFrom(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(place, 'an object', value);
}

function listFrom(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(place, 'a list', value);
}

function textFrom(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  throw wrong(place, 'a text', value);
}

function numberFrom(value: unknown, place: string): number {
  if (typeof value === 'number') return value;
  throw wrong(place, 'a number', value);
}

function wrong(place: string, expected: string, got: unknown): Error {
  return new Error(`${place}: expected ${expected}, got ${(JSON.stringify(got) ?? 'nothing').slice(0, 60)}.`);
}
