import { z } from 'zod';
import type { Prompt } from '../engine/request.js';
import { OutriderError } from '../errors.js';

/** A prompt as it is told, and as the engine takes it. */
export interface ComparedPrompt {
  /** Its text, or that of its last message. */
  readonly text: string;
  readonly prompt: Prompt;
}

/** What is around a prompt that is a text. */
export interface ChatFlags {
  readonly chat?: true;
  readonly system?: string;
}

const line = z.union([
  z.string(),
  z.object({ prompt: z.string() }),
  z.object({ messages: z.array(z.object({ role: z.string(), content: z.string() })).min(1) }),
]);

/** @throws OutriderError invalid_argument */
export function promptOf(text: string, { chat, system }: ChatFlags): ComparedPrompt {
  const user = { role: 'user', content: text };
  if (chat)
    return {
      text,
      prompt: { messages: [...(system === undefined ? [] : [{ role: 'system', content: system }]), user] },
    };
  if (system === undefined) return { text, prompt: { text } };
  throw new OutriderError('invalid_argument', '--system: expected --chat with it, since only a chat has messages');
}

/**
 * The prompts of a JSONL file; empty lines are none.
 * @throws OutriderError invalid_argument that names the line
 */
export function promptsOf(file: string, name: string, flags: ChatFlags): readonly ComparedPrompt[] {
  const prompts = file.split('\n').flatMap((text, index) => {
    if (text.trim() === '') return [];
    const read = line.safeParse(parsed(text));
    if (read.success) return [understood(read.data, flags)];
    throw new OutriderError(
      'invalid_argument',
      `${name}:${index + 1}: expected a JSON text, {"prompt": "..."} or {"messages": [...]}`,
    );
  });
  if (prompts.length === 0) throw new OutriderError('invalid_argument', `${name}: expected a prompt a line, got none`);
  return prompts;
}

function understood(value: z.output<typeof line>, flags: ChatFlags): ComparedPrompt {
  if (typeof value === 'string') return promptOf(value, flags);
  if ('prompt' in value) return promptOf(value.prompt, flags);
  return { text: value.messages.at(-1)!.content, prompt: { messages: value.messages } };
}

/** `undefined` for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
