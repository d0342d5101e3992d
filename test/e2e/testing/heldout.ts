import { readFileSync } from 'node:fs';
import type { Engine, Prompt } from '../../../src/engine/index.js';
import type { Token } from '../../../src/speculative/index.js';
import type { ChatMessage } from '../../../src/text/messages.js';

/** A prompt that the embedded pair was not trained on. */
export interface HeldOut {
  readonly id: string;
  readonly category: string;
  readonly prompt: Prompt;
}

interface Line {
  readonly id: string;
  readonly category: string;
  readonly messages?: readonly ChatMessage[];
  readonly prompt?: string;
}

const HELD_OUT: readonly HeldOut[] = readFileSync(new URL('../../fixtures/heldout.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line)
  .map(({ id, category, messages, prompt = '' }) => ({
    id,
    category,
    prompt: messages === undefined ? { text: prompt } : { messages },
  }));

/** The first `count` prompts of a category, or of each. */
export function heldOut(count: number, category?: string): readonly HeldOut[] {
  const seen = new Map<string, number>();
  return HELD_OUT.filter((held) => {
    if (category !== undefined && held.category !== category) return false;
    const number = (seen.get(held.category) ?? 0) + 1;
    seen.set(held.category, number);
    return number <= count;
  });
}

/** A prompt of exactly `length` tokens: held-out tales, beginning with another one for each `number`. */
export function longPrompt(engine: Engine, length: number, number = 0): { readonly tokens: readonly Token[] } {
  const tales = HELD_OUT.flatMap(({ prompt }) => ('text' in prompt ? [prompt.text] : []));
  const text = [...tales.slice(number), ...tales.slice(0, number)].join('\n\n');
  const { tokens } = engine.tokenize({ text });
  if (tokens.length < length) throw new Error(`the held-out tales have ${tokens.length} tokens, not ${length}`);
  return { tokens: tokens.slice(0, length) };
}
