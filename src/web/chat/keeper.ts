import { Store } from '../store.js';
import { type Segment, tokensOf } from './answer-fold.js';
import type { Chat, ChatSummary, Message } from './chat.js';
import type { ChatStorage } from './storage.js';

/** Keeps chats, one save after the other. A browser that keeps nothing is told of, and is no reason to stop. */
export class ChatKeeper {
  /** The newest change first. */
  readonly summaries = new Store<readonly ChatSummary[]>([]);
  /** Why chats are not kept, for people. */
  readonly problem = new Store<string | undefined>(undefined);
  readonly #storage: ChatStorage;
  /** Tokens that were read or written here, by message: what is drawn again need not wait for them. */
  readonly #segments = new Map<string, readonly Segment[]>();
  #saving: Promise<void> = Promise.resolve();

  constructor(storage: ChatStorage) {
    this.#storage = storage;
  }

  /** Learns which chats there are. */
  async list(): Promise<void> {
    await this.#try(async () => this.summaries.set(await this.#storage.list()));
  }

  async load(id: string): Promise<Chat | undefined> {
    await this.#saving;
    return this.#try(() => this.#storage.load(id));
  }

  save(chat: Chat): Promise<void> {
    return this.#next(() => this.#storage.save(chat));
  }

  remove(id: string): Promise<void> {
    return this.#next(() => this.#storage.remove(id));
  }

  /** The tokens of an answer, where they are known; empty where the text is not theirs. */
  async segmentsOf(chat: string, { id, text }: Message): Promise<readonly Segment[]> {
    const known = this.#segments.get(id);
    if (known !== undefined) return known;
    const kept = (await this.#try(() => this.#storage.segments(chat, id))) ?? [];
    const said = tokensOf(kept).map((token) => token.text);
    const own = said.join('') === text ? kept : [];
    this.#segments.set(id, own);
    return own;
  }

  /** What `segmentsOf` gave, at once; undefined where it was not asked. */
  knownSegments({ id }: Message): readonly Segment[] | undefined {
    return this.#segments.get(id);
  }

  async saveSegments(chat: string, { id }: Message, segments: readonly Segment[]): Promise<void> {
    this.#segments.set(id, segments);
    await this.#try(() => this.#storage.saveSegments(chat, id, segments));
  }

  #next(change: () => Promise<void>): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      await this.#try(change);
      await this.list();
    });
    return this.#saving;
  }

  async #try<Value>(use: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await use();
    } catch (error) {
      this.problem.set(`This browser did not keep the chat: ${(error as Error).message}`);
      return undefined;
    }
  }
}
