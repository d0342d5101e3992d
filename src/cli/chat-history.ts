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

  /** What the models see, or would see from a turn on. */
  messages(from = this.#forgotten): ChatMessage[] {
    const system = this.system === undefined ? [] : [{ role: 'system', content: this.system }];
    return [...system, ...this.#turns.slice(from)];
  }

  /** Messages up to the last question; or up to another one, in its place if it has no answer, behind all else. */
  asked(instead?: string): ChatMessage[] {
    const all = this.messages();
    const end = all.findLastIndex(({ role }) => role === 'user');
    if (instead === undefined) return all.slice(0, end + 1);
    return [...(end === all.length - 1 ? all.slice(0, end) : all), { role: 'user', content: instead }];
  }

  /** The turns that the models could begin with instead: questions behind the first one that they see. */
  get laterQuestions(): readonly number[] {
    return this.#turns.flatMap(({ role }, i) => (role === 'user' && i > this.#forgotten ? [i] : []));
  }

  /** The models no longer see what is before that turn. */
  forgetBefore(turn: number): void {
    this.#forgotten = turn;
  }
}
