import type { ChatMessage } from '../text/messages.js';
import type { SavedChat, Turn } from './chat-file.js';

/** The turns of a chat, and which of them the models still see. */
export class ChatHistory {
  system: string | undefined;
  #turns: Turn[];
  /** Turns that are left out, the oldest: all together no longer fit the context. */
  #forgotten = 0;

  constructor({ system, turns }: SavedChat) {
    this.system = system;
    this.#turns = [...turns];
  }

  get turns(): readonly Turn[] {
    return this.#turns;
  }

  /** The last message of the user; `undefined` where there is none. */
  get question(): string | undefined {
    return this.#turns.findLast(({ role }) => role === 'user')?.content;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  /** A message that was never answered makes way for the next one. */
  say(content: string): void {
    if (this.#turns.at(-1)?.role === 'user') this.#turns.pop();
    this.#turns.push({ role: 'user', content });
  }

  /** An answer to the last message. */
  answered(content: string): void {
    this.#turns.push({ role: 'assistant', content });
  }

  /** Takes the last answer back. False: there is no message that could be answered. */
  takeBack(): boolean {
    if (this.#turns.at(-1)?.role === 'assistant') this.#turns.pop();
    return this.#turns.at(-1)?.role === 'user';
  }

  clear(): void {
    this.#turns = [];
    this.#forgotten = 0;
  }

  /** What the models see. @param instead a message in place of the last one, if that has no answer, or behind all */
  messages(instead?: string): ChatMessage[] {
    const system = this.system === undefined ? [] : [{ role: 'system', content: this.system }];
    const seen = this.#turns.slice(this.#forgotten);
    if (instead === undefined) return [...system, ...seen];
    const answered = seen.at(-1)?.role === 'user' ? seen.slice(0, -1) : seen;
    return [...system, ...answered, { role: 'user', content: instead }];
  }

  /** Messages up to the last question. */
  asked(): ChatMessage[] {
    const all = this.messages();
    return all.slice(0, all.findLastIndex(({ role }) => role === 'user') + 1);
  }

  /** Leaves out the oldest question with its answer. False: only the last question is left. */
  forget(): boolean {
    const next = this.#turns.findIndex(({ role }, i) => i > this.#forgotten && role === 'user');
    if (next < 0) return false;
    this.#forgotten = next;
    return true;
  }
}
