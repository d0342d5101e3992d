/** The chats of this page: what is open, what is being written. Knows nothing of the screen. */
import { type Api, ApiError, errorIn } from '../api.js';
import { Store } from '../store.js';
import { AnswerFold, type Beginning, type Segment } from './answer-fold.js';
import { type Chat, MAX_TITLE, type Message, newChat, type Settings, titleOf } from './chat.js';
import type { Frame } from './frames.js';
import { ChatKeeper } from './keeper.js';
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
  readonly keeper: ChatKeeper;
  readonly chat: Store<Chat>;
  readonly running = new Store<Running | undefined>(undefined);
  readonly failure = new Store<Failure | undefined>(undefined);
  /** What screen readers are told: answers that are over. */
  readonly said = new Store('');
  /** What was typed in each chat and not sent. */
  readonly unsent = new Map<string, string>();
  readonly #parts: SessionParts;
  /** Resolves when no answer is being written. */
  #answering: Promise<void> = Promise.resolve();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.keeper = new ChatKeeper(parts.storage);
    this.chat = new Store(newChat(parts.newId(), parts.clock()));
  }

  /** Opens the chat that was changed last. */
  async restore(): Promise<void> {
    await this.keeper.list();
    await this.#openLast();
  }

  async open(id: string): Promise<void> {
    const chat = await this.keeper.load(id);
    if (chat !== undefined) this.chat.set(chat);
  }

  /** A chat with the settings of this one; nothing is kept of it until something is said. */
  begin(): void {
    const { newId, clock } = this.#parts;
    this.chat.set(newChat(newId(), clock(), this.chat.value.settings));
  }

  rename(id: string, title: string): Promise<void> {
    const named = title.trim().slice(0, MAX_TITLE);
    return this.#edit(id, (chat) => (named === '' ? chat : { ...chat, title: named, named: true }));
  }

  async remove(id: string): Promise<void> {
    if (this.running.value?.chat === id) {
      this.stop();
      await this.#answering;
    }
    await this.keeper.remove(id);
    if (this.chat.value.id !== id) return;
    this.begin();
    await this.#openLast();
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
    const messages = [...chat.messages, this.#message('user', text)];
    await this.#answer(chat, { messages, otherwise: messages });
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
    const messages = chat.messages.slice(0, message.role === 'user' ? at + 1 : at);
    await this.#answer(chat, { messages, otherwise: chat.messages });
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
    const continued = { message: last, ...resumed(last, await this.segmentsOf(last), chat.settings.mode) };
    await this.#answer(chat, { messages: chat.messages.slice(0, -1), otherwise: chat.messages, continued });
  }

  /** Changes what was said; what it said before is forgotten. */
  async edit(id: string, text: string): Promise<void> {
    const chat = this.chat.value;
    const messages = chat.messages.map((message) => (message.id === id ? rewritten(message, text) : message));
    await this.#change({ ...chat, messages });
    await this.keeper.saveSegments(chat.id, { id, role: 'assistant', text }, []);
  }

  /** The tokens of an answer of the open chat, where they are known; empty where the text is not theirs. */
  segmentsOf(message: Message): Promise<readonly Segment[]> {
    return this.keeper.segmentsOf(this.chat.value.id, message);
  }

  /** All chats, as the text of a file. */
  async export(): Promise<string> {
    const chats = await Promise.all(this.keeper.summaries.value.map(({ id }) => this.keeper.load(id)));
    return exported(chats.filter((chat) => chat !== undefined));
  }

  /** @throws Error that says what is wrong with the file */
  async import(text: string): Promise<number> {
    const chats = imported(text, this.#parts.newId);
    for (const chat of chats) await this.keeper.save(chat);
    const [first] = chats;
    if (first !== undefined && !this.running.value) this.chat.set(first);
    return chats.length;
  }

  async #answer(chat: Chat, question: Question): Promise<void> {
    if (this.running.value !== undefined) return;
    const { messages, continued } = question;
    const message = continued?.message ?? this.#message('assistant', '');
    const running: Running = {
      chat: chat.id,
      message: message.id,
      fold: new AnswerFold(this.#parts.now, continued?.beginning),
      frames: new Store(0),
      stop: new AbortController(),
    };
    this.failure.set(undefined);
    this.running.set(running);
    const title = chat.named ? chat.title : titleOf(messages);
    this.#answering = this.#change({ ...chat, title, messages: [...messages, message] })
      .then(() => this.#read(running, message, requestBody(chat, messages, continued?.resume)))
      .finally(() => this.#close(running, message, question));
    await this.#answering;
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
        await this.#edit(chat, (kept) => withMessage(kept, answerOf(message, fold)));
      }
      if (!fold.isFinished)
        throw new ApiError('unreachable', 'The answer broke off.', 'Go on with it, or have it written again.');
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.failure.set({ chat, error });
    }
  }

  async #close({ chat, fold }: Running, message: Message, { otherwise }: Question): Promise<void> {
    const answer = answerOf(message, fold);
    if (answer.text === '') await this.#edit(chat, (kept) => ({ ...kept, messages: otherwise }));
    else {
      await this.keeper.saveSegments(chat, message, fold.segments);
      await this.#edit(chat, (kept) => withMessage(kept, answer));
      this.said.set(`The answer is there: ${answer.text.slice(0, MOST_SAID)}`);
    }
    this.running.set(undefined);
  }

  async #openLast(): Promise<void> {
    const [last] = this.keeper.summaries.value;
    if (last !== undefined) await this.open(last.id);
  }

  /** Changes a chat, open or not. */
  async #edit(id: string, change: (chat: Chat) => Chat): Promise<void> {
    const kept = this.chat.value.id === id ? undefined : await this.keeper.load(id);
    // It may have been opened meanwhile.
    if (this.chat.value.id === id) await this.#change(change(this.chat.value));
    else if (kept !== undefined) await this.keeper.save(change(kept));
  }

  async #change(chat: Chat): Promise<void> {
    const changed = { ...chat, changed: this.#parts.clock() };
    this.chat.set(changed);
    const isKept = this.keeper.summaries.value.some(({ id }) => id === chat.id);
    if (changed.messages.length > 0 || isKept) await this.keeper.save(changed);
  }

  #message(role: Message['role'], text: string): Message {
    return { id: this.#parts.newId(), role, text };
  }
}

interface Question {
  /** What is answered. */
  readonly messages: readonly Message[];
  /** What the chat holds where no answer comes. */
  readonly otherwise: readonly Message[];
  /** The answer that goes on. */
  readonly continued?: { readonly message: Message; readonly beginning: Beginning; readonly resume: Resume };
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
