/** Where chats are kept. Tokens of answers are kept apart: they are many, and never change. */
import type { Chat, ChatSummary } from './chat.js';
import type { AnswerToken } from './frames.js';

export interface ChatStorage {
  /** The newest change first. */
  list(): Promise<readonly ChatSummary[]>;
  load(id: string): Promise<Chat | undefined>;
  save(chat: Chat): Promise<void>;
  remove(id: string): Promise<void>;
  /** Of a message; empty where none are known. */
  tokens(chat: string, message: string): Promise<readonly AnswerToken[]>;
  saveTokens(chat: string, message: string, tokens: readonly AnswerToken[]): Promise<void>;
}

const STORES = ['summaries', 'chats', 'tokens'] as const;
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
      store('tokens').delete(IDBKeyRange.bound(keyOf(id, ''), keyOf(id, '\uffff')));
    });
  }

  async tokens(chat: string, message: string): Promise<readonly AnswerToken[]> {
    return (await result(this.#store('tokens', 'readonly').get(keyOf(chat, message)))) ?? [];
  }

  async saveTokens(chat: string, message: string, tokens: readonly AnswerToken[]): Promise<void> {
    await this.#change(['tokens'], (store) => store('tokens').put(tokens, keyOf(chat, message)));
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
  readonly #tokens = new Map<string, readonly AnswerToken[]>();

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
    for (const key of this.#tokens.keys()) if (key.startsWith(keyOf(id, ''))) this.#tokens.delete(key);
  }

  async tokens(chat: string, message: string): Promise<readonly AnswerToken[]> {
    return this.#tokens.get(keyOf(chat, message)) ?? [];
  }

  async saveTokens(chat: string, message: string, tokens: readonly AnswerToken[]): Promise<void> {
    this.#tokens.set(keyOf(chat, message), tokens);
  }
}

/** A chat's tokens lie beside each other, so that they go with it. */
function keyOf(chat: string, message: string): string {
  return `${chat}/${message}`;
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
