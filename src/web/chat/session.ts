/** The chats of this page: what is open, what is being written. Knows nothing of the screen. */
import { type Api, ApiError, errorIn } from '../api.js';
import { Store } from '../store.js';
import { AnswerFold, type Beginning, type Segment, tokensOf } from './answer-fold.js';
import {
  type Chat,
  type ChatSummary,
  DEFAULT_SETTINGS,
  MAX_TITLE,
  type Message,
  newChat,
  type Settings,
  titleOf,
} from './chat.js';
import type { Frame } from './frames.js';
import { exported, imported } from './portable.js';
import { requestBody } from './request-body.js';
import { type Resume, resumed } from './resume.js';
import type { ChatStorage } from './storage.js';

/** An answer that is being written. */
export interface Running {
  readonly chat: string;
  readonly message: string;
  readonly fold: AnswerFold;
  /** Draws again whoever shows the fold, which changes in place. */
  readonly frames: Store<number>;
  readonly stop: AbortController;
}

/** Why an answer did not come, or not to its end. */
export interface Failure {
  readonly chat: string;
  readonly error: ApiError;
}

export interface SessionParts {
  readonly api: Pick<Api, 'stream'>;
  readonly storage: ChatStorage;
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** What is written is kept this often while it grows, in milliseconds. */
const KEEP_MS = 3_000;

/** Characters of an answer that screen readers hear unasked; the rest is there to be read. */
const MOST_SAID = 1_000;

export class ChatSession {
  /** The newest change first. */
  readonly summaries = new Store<readonly ChatSummary[]>([]);
  readonly chat: Store<Chat>;
  readonly running = new Store<Running | undefined>(undefined);
  readonly failure = new Store<Failure | undefined>(undefined);
  /** Why chats are not kept, for people. */
  readonly problem = new Store<string | undefined>(undefined);
  /** What screen readers are told: answers that are over. */
  readonly said = new Store('');
  readonly #parts: SessionParts;
  /** Tokens that were read or written here, by message: what is drawn again need not wait for them. */
  readonly #segments = new Map<string, readonly Segment[]>();
  /** Saves one after the other, so that the last one stays. */
  #saving: Promise<void> = Promise.resolve();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.chat = new Store(newChat(parts.newId(), parts.clock()));
  }

  /** Opens the chat that was changed last. */
  async restore(): Promise<void> {
    await this.#kept(async (storage) => {
      this.summaries.set(await storage.list());
      const [last] = this.summaries.value;
      if (last !== undefined) await this.open(last.id);
    });
  }

  async open(id: string): Promise<void> {
    await this.#kept(async (storage) => {
      await this.#saving;
      const chat = await storage.load(id);
      if (chat !== undefined) this.chat.set(chat);
    });
  }

  /** A chat with the settings of this one; nothing is kept of it until something is said. */
  begin(): void {
    const { newId, clock } = this.#parts;
    this.chat.set(newChat(newId(), clock(), this.chat.value.settings ?? DEFAULT_SETTINGS));
  }

  rename(id: string, title: string): Promise<void> {
    const named = title.trim().slice(0, MAX_TITLE);
    return this.#edit(id, (chat) => (named === '' ? chat : { ...chat, title: named, named: true }));
  }

  async remove(id: string): Promise<void> {
    if (this.running.value?.chat === id) this.stop();
    await this.#kept(async (storage) => {
      await this.#saving;
      await storage.remove(id);
      this.summaries.set(await storage.list());
    });
    if (this.chat.value.id === id) {
      const [last] = this.summaries.value;
      if (last === undefined) this.begin();
      else await this.open(last.id);
    }
  }

  configure(settings: Settings): Promise<void> {
    return this.#change({ ...this.chat.value, settings });
  }

  instruct(system: string): Promise<void> {
    return this.#change({ ...this.chat.value, system });
  }

  /** Says something and has it answered. */
  async send(text: string): Promise<void> {
    const chat = this.chat.value;
    await this.#answer(chat, [...chat.messages, this.#message('user', text)]);
  }

  stop(): void {
    this.running.value?.stop.abort();
  }

  /** Has the answer written once more, and what came behind it forgotten; an answer's place, or that of what it answers. */
  async again(id: string): Promise<void> {
    const chat = this.chat.value;
    const at = chat.messages.findIndex((message) => message.id === id);
    const message = chat.messages[at];
    if (message === undefined) return;
    await this.#answer(chat, chat.messages.slice(0, message.role === 'user' ? at + 1 : at));
  }

  /** Asks the last question once more. */
  async tryAgain(): Promise<void> {
    const last = this.chat.value.messages.at(-1);
    if (last !== undefined) await this.again(last.id);
  }

  /** Goes on with the last answer. */
  async goOn(): Promise<void> {
    const chat = this.chat.value;
    const last = chat.messages.at(-1);
    if (last?.role !== 'assistant') return this.tryAgain();
    const { beginning, resume } = resumed(last, await this.segmentsOf(last), chat.settings.mode);
    await this.#answer(chat, chat.messages.slice(0, -1), { message: last, beginning, resume });
  }

  /** Changes what was said; what it said before is forgotten. */
  async edit(id: string, text: string): Promise<void> {
    const chat = this.chat.value;
    const messages = chat.messages.map((message) => (message.id === id ? rewritten(message, text) : message));
    await this.#change({ ...chat, messages });
    this.#segments.set(id, []);
    await this.#kept((storage) => storage.saveSegments(chat.id, id, []));
  }

  /** The tokens of an answer, where they are known; empty where the text is not theirs. */
  async segmentsOf({ id, text }: Message): Promise<readonly Segment[]> {
    const known = this.#segments.get(id);
    if (known !== undefined) return known;
    const kept = (await this.#kept((storage) => storage.segments(this.chat.value.id, id))) ?? [];
    const said = tokensOf(kept).map((token) => token.text);
    const own = said.join('') === text ? kept : [];
    this.#segments.set(id, own);
    return own;
  }

  /** What `segmentsOf` gave, at once; undefined where it was not asked. */
  knownSegments({ id }: Message): readonly Segment[] | undefined {
    return this.#segments.get(id);
  }

  /** All chats, as the text of a file. */
  async export(): Promise<string> {
    const chats = await this.#kept(async (storage) => {
      await this.#saving;
      return Promise.all(this.summaries.value.map(({ id }) => storage.load(id)));
    });
    return exported((chats ?? []).filter((chat) => chat !== undefined));
  }

  /** @throws Error that says what is wrong with the file */
  async import(text: string): Promise<number> {
    const chats = imported(text, this.#parts.newId);
    for (const chat of chats) await this.#save(chat);
    const [first] = chats;
    if (first !== undefined && !this.running.value) this.chat.set(first);
    return chats.length;
  }

  async #answer(chat: Chat, messages: readonly Message[], continued?: ContinuedAnswer): Promise<void> {
    if (this.running.value !== undefined) return;
    const { now } = this.#parts;
    const message = continued?.message ?? this.#message('assistant', '');
    const running: Running = {
      chat: chat.id,
      message: message.id,
      fold: new AnswerFold(now, continued?.beginning),
      frames: new Store(0),
      stop: new AbortController(),
    };
    this.failure.set(undefined);
    this.running.set(running);
    const title = chat.named ? chat.title : titleOf(messages);
    await this.#change({ ...chat, title, messages: [...messages, message] });
    try {
      await this.#read(running, message, requestBody(chat, messages, continued?.resume));
    } finally {
      await this.#close(running, message);
    }
  }

  async #read(running: Running, message: Message, body: object): Promise<void> {
    const { api, now } = this.#parts;
    const { fold, frames, stop, chat } = running;
    let keptAt = now();
    try {
      for await (const frame of api.stream<Frame>('api/outrider/generate', stop.signal, body)) {
        const error = errorIn(frame);
        if (error !== undefined) throw error;
        fold.add(frame);
        frames.set(frames.value + 1);
        if (now() - keptAt < KEEP_MS) continue;
        keptAt = now();
        this.#edit(chat, (kept) => withMessage(kept, answerOf(message, fold)));
      }
      if (!fold.isFinished)
        throw new ApiError('unreachable', 'The answer broke off.', 'Go on with it, or have it written again.');
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.failure.set({ chat, error });
    }
  }

  async #close({ chat, fold }: Running, message: Message): Promise<void> {
    const answer = answerOf(message, fold);
    this.#segments.set(message.id, fold.segments);
    await this.#kept((storage) => storage.saveSegments(chat, message.id, fold.segments));
    await this.#edit(chat, (kept) => (answer.text === '' ? withoutMessage(kept, message) : withMessage(kept, answer)));
    this.running.set(undefined);
    if (answer.text !== '') this.said.set(`The answer is there: ${answer.text.slice(0, MOST_SAID)}`);
  }

  /** Changes a chat, open or not. */
  async #edit(id: string, change: (chat: Chat) => Chat): Promise<void> {
    if (this.chat.value.id === id) return this.#change(change(this.chat.value));
    await this.#saving;
    const chat = await this.#kept((storage) => storage.load(id));
    if (chat !== undefined) await this.#save(change(chat));
  }

  async #change(chat: Chat): Promise<void> {
    const changed = { ...chat, changed: this.#parts.clock() };
    this.chat.set(changed);
    if (changed.messages.length > 0 || this.summaries.value.some(({ id }) => id === chat.id)) await this.#save(changed);
  }

  #save(chat: Chat): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      await this.#kept(async (storage) => {
        await storage.save(chat);
        this.summaries.set(await storage.list());
      });
    });
    return this.#saving;
  }

  /** A browser that keeps nothing is told of, and is no reason to stop. */
  async #kept<Value>(use: (storage: ChatStorage) => Promise<Value>): Promise<Value | undefined> {
    try {
      return await use(this.#parts.storage);
    } catch (error) {
      this.problem.set(`This browser did not keep the chat: ${(error as Error).message}`);
      return undefined;
    }
  }

  #message(role: Message['role'], text: string): Message {
    return { id: this.#parts.newId(), role, text };
  }
}

interface ContinuedAnswer {
  readonly message: Message;
  readonly beginning: Beginning;
  readonly resume: Resume;
}

function answerOf(message: Message, fold: AnswerFold): Message {
  const { report } = fold;
  const reasoning = message.reasoning === true || (message.text === '' && fold.reasoning);
  return {
    id: message.id,
    role: 'assistant',
    text: fold.text,
    ...(reasoning && { reasoning }),
    ...(report !== undefined && { report }),
  };
}

/** What someone wrote over it was not written by a model. */
function rewritten({ report: _, ...message }: Message, text: string): Message {
  return { ...message, text };
}

function withMessage(chat: Chat, message: Message): Chat {
  return { ...chat, messages: chat.messages.map((known) => (known.id === message.id ? message : known)) };
}

function withoutMessage(chat: Chat, { id }: Message): Chat {
  return { ...chat, messages: chat.messages.filter((message) => message.id !== id) };
}
