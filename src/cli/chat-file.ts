import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { OutriderError } from '../errors.js';

/** A turn of a chat. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** What is kept of a chat: messages as the OpenAI API has them, a system message first where there is one. */
export interface SavedChat {
  readonly system: string | undefined;
  readonly turns: readonly Turn[];
}

const message = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() });
const file = z.object({ messages: z.array(message) });

/** @throws OutriderError invalid_argument where the file cannot be written */
export async function saveChat(path: string, { system, turns }: SavedChat): Promise<void> {
  const messages = [...(system === undefined ? [] : [{ role: 'system', content: system }]), ...turns];
  await writeFile(path, `${JSON.stringify({ messages }, null, 2)}\n`).catch((error: NodeJS.ErrnoException) => {
    throw new OutriderError('invalid_argument', `cannot write the chat to ${path} (${error.code})`);
  });
}

/** @throws OutriderError invalid_argument where there is no such file, or it is no chat */
export async function loadChat(path: string): Promise<SavedChat> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new OutriderError('invalid_argument', `cannot read the chat from ${path} (${error.code})`);
  });
  const read = file.safeParse(parsed(text));
  const [first, ...rest] = read.data?.messages ?? [];
  const system = first?.role === 'system' ? first.content : undefined;
  const turns = (system === undefined && first !== undefined ? [first, ...rest] : rest).filter(isTurn);
  if (read.success && turns.length === read.data.messages.length - Number(system !== undefined))
    return { system, turns };
  throw new OutriderError(
    'invalid_argument',
    `${path}: expected {"messages": [...]} with texts of users and assistants, and a system message first if any`,
  );
}

function isTurn(one: z.output<typeof message>): one is z.output<typeof message> & Turn {
  return one.role !== 'system';
}

/** `undefined` for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
