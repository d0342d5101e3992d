/** A chat as it is kept in the browser. All of it is plain data and replaced when it changes. */
import type { Mode, Route } from './frames.js';

export interface Chat {
  readonly id: string;
  readonly title: string;
  /** The title is someone's own, so it does not follow the first message. */
  readonly named: boolean;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly changed: number;
  /** What the model is told before the conversation; empty: nothing. */
  readonly system: string;
  readonly settings: Settings;
  readonly messages: readonly Message[];
}

export type ChatSummary = Pick<Chat, 'id' | 'title' | 'changed'>;

/** What an absent one means, the server and the model's file say. */
export interface Settings {
  readonly mode?: Mode;
  /** The most tokens of a draft. */
  readonly draftMax?: number;
  /** In [0, 1]; above 0 the text is not the target's own. */
  readonly leniency?: number;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly repeatPenalty?: number;
  readonly seed?: number;
}

export interface Message {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  /** As it was written, reasoning and its tags included. */
  readonly text: string;
  /** The text begins inside the model's reasoning. */
  readonly reasoning?: boolean;
  /** How an answer was written; absent for one that someone wrote or changed. */
  readonly report?: Report;
}

/** How an answer was written. Counts are of tokens, times in milliseconds. */
export interface Report {
  readonly mode: Mode;
  readonly seed: number;
  readonly leniency?: number;
  readonly route?: Route;
  readonly notes: readonly string[];
  /** `stopped`: by the reader, or because the server was gone. */
  readonly end: 'stop' | 'length' | 'stopped';
  readonly tokens: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly rounds: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly promptMs: number;
  /** From the first token to the last. */
  readonly writingMs: number;
  /** What the target alone would take for that, as predicted from the measured time of its passes. */
  readonly plainMs?: number;
}

/** A new chat that nothing was said in. */
export function newChat(id: string, now: number, settings: Settings = {}): Chat {
  return { id, title: 'New chat', named: false, created: now, changed: now, system: '', settings, messages: [] };
}

/** The longest title that someone may give, in characters; one made of the first message is shorter. */
export const MAX_TITLE = 200;
const MADE_TITLE = 60;

/** The first thing that someone said, on one line. */
export function titleOf(messages: readonly Message[]): string {
  const said =
    messages
      .find(({ role }) => role === 'user')
      ?.text.trim()
      .replace(/\s+/g, ' ') ?? '';
  if (said === '') return 'New chat';
  if (said.length <= MADE_TITLE) return said;
  return `${said.slice(0, MADE_TITLE).replace(/\s+\S*$/, '')} …`;
}
