/** Where chats are kept. Tokens of answers are kept apart: they are many, and never change. */

import type { Segment } from './answer-fold.js';
import type { Chat, ChatSummary } from './chat.js';

export interface ChatStorage {
  /** The newest change first. */
  list(): Promise<readonly ChatSummary[]>;
  load(id: string): Promise<Chat | undefined>;
  save(chat: Chat): Promise<void>;
  remove(id: string): Promise<void>;
  /** The tokens of a message; empty where none are known. */
  segments(chat: string, message: string): Promise<readonly Segment[]>;
  saveSegments(chat: string, message: string, segments: readonly Segment[]): Promise<void>;
}

const STORES = ['summaries', 'chats', 'segments'] as const;
type StoreName = (typeof STORES)[number];

/** In this browser, until someone deletes them. */
export class BrowserStorage implements ChatStorage {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** @throws DOMException where the browser keeps nothing */
  static async open(name = 'outrider'): Promise<BrowserStorage> {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      for (const store of STORES) opening.result.createObjectStore(store);
    };
    return new BrowserStorage(await result(opening));
  }

  async list(): Promise<readonly ChatSummary[]> {
    const all: ChatSummary[] = await result(this.#store('summaries', 'readonly').getAll());
    return byChange(all);
  }

  load(id: string): Promise<Chat | undefined> {
    return result(this.#store('chats', 'readonly').get(id));
  }

  async save(chat: Chat): Promise<void> {
    await this.#change(['summaries', 'chats'], (store) => {
      store('summaries').put(summaryOf(chat), chat.id);
      store('chats').put(chat, chat.id);
    });
  }

  async remove(id: string): Promise<void> {
    await this.#change(STORES, (store) => {
      store('summaries').delete(id);
      store('chats').delete(id);
      store('segments').delete(allOf(id));
    });
  }

  async segments(chat: string, message: string): Promise<readonly Segment[]> {
    const segments: Segment[] = [];
    // One at a time: copying a long answer out of the database at once would hold up the page.
    for (let index = 0; ; index++) {
      const request: IDBRequest<Segment | undefined> = this.#store('segments', 'readonly').get(
        keyOf(chat, message, index),
      );
      const segment = await result(request);
      if (segment === undefined) return segments;
      segments.push(segment);
    }
  }

  async saveSegments(chat: string, message: string, segments: readonly Segment[]): Promise<void> {
    await this.#change(['segments'], (store) => store('segments').delete(allOf(chat, message)));
    for (const [index, segment] of segments.entries()) {
      await this.#change(['segments'], (store) => store('segments').put(segment, keyOf(chat, message, index)));
    }
  }

  #store(name: StoreName, mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(name, mode).objectStore(name);
  }

  /** All of the change or none of it. */
  #change(names: readonly StoreName[], change: (store: (name: StoreName) => IDBObjectStore) => void): Promise<void> {
    const transaction = this.#database.transaction(names, 'readwrite');
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
      change((name) => transaction.objectStore(name));
    });
  }
}

/** In this tab, until it is closed: for browsers that keep nothing. */
export class TabStorage implements ChatStorage {
  readonly #chats = new Map<string, Chat>();
  readonly #segments = new Map<string, readonly Segment[]>();

  async list(): Promise<readonly ChatSummary[]> {
    return byChange([...this.#chats.values()].map(summaryOf));
  }

  async load(id: string): Promise<Chat | undefined> {
    return this.#chats.get(id);
  }

  async save(chat: Chat): Promise<void> {
    this.#chats.set(chat.id, chat);
  }

  async remove(id: string): Promise<void> {
    this.#chats.delete(id);
    for (const key of this.#segments.keys()) if (key.startsWith(`${id}/`)) this.#segments.delete(key);
  }

  async segments(chat: string, message: string): Promise<readonly Segment[]> {
    return this.#segments.get(`${chat}/${message}`) ?? [];
  }

  async saveSegments(chat: string, message: string, segments: readonly Segment[]): Promise<void> {
    this.#segments.set(`${chat}/${message}`, segments);
  }
}

type SegmentKey = [chat: string, message: string, index: number];

function keyOf(chat: string, message: string, index: number): SegmentKey {
  return [chat, message, index];
}

/** The keys of a chat, or of one of its messages: an array comes after every number and text. */
function allOf(...names: string[]): IDBKeyRange {
  return IDBKeyRange.bound(names, [...names, []]);
}

function summaryOf({ id, title, changed }: Chat): ChatSummary {
  return { id, title, changed };
}

function byChange(summaries: readonly ChatSummary[]): readonly ChatSummary[] {
  return summaries.toSorted((one, other) => other.changed - one.changed);
}

function result<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
