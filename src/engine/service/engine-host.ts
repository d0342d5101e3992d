/** The child's side: an engine behind messages. */
import { OutriderError } from '../../errors.js';
import type { GenerationEvent, LoadEvent } from '../events.js';
import type { EngineService, ServiceRequest } from '../service.js';
import {
  type Call,
  CREDITS,
  type EventGroup,
  type FromEngine,
  type PlainEngineOptions,
  type PlainEvent,
  plainError,
  plainEvent,
  type Replies,
  type ToEngine,
} from './protocol.js';

/** The way to the supervisor, as a forked process has it. */
export interface HostChannel {
  send(message: FromEngine): void;
  onMessage(listener: (message: ToEngine) => void): void;
  /** The supervisor has gone. */
  onDisconnect(listener: () => void): void;
  /** Blocks that this process has read from disks so far. */
  blocksRead(): number;
  /** Ends this process, as soon as all that was sent is on its way. */
  exit(): void;
}

/** Loads an engine; `signal` aborts when nobody wants it any more. */
export type HostedLoad = (
  options: PlainEngineOptions,
  onProgress: (event: LoadEvent) => void,
  signal: AbortSignal,
) => Promise<EngineService>;

/** The channel of this process, which has been forked. */
export function forkedChannel(process: NodeJS.Process): HostChannel {
  let written: Promise<unknown> = Promise.resolve();
  return {
    send: (message) => {
      // Where the supervisor has gone, `onDisconnect` is the end of it.
      if (process.connected) written = new Promise((resolve) => process.send!(message, undefined, undefined, resolve));
    },
    onMessage: (listener) => void process.on('message', listener),
    onDisconnect: (listener) => void process.on('disconnect', listener),
    blocksRead: () => process.resourceUsage().fsRead,
    exit: () => void written.then(() => process.exit(0)),
  };
}

/** Serves an engine to the supervisor at the other end of `channel`, until that closes it or goes away. */
export function hostEngine(channel: HostChannel, load: HostedLoad): void {
  const host = new EngineHost(channel, load);
  channel.onMessage((message) => host.hear(message));
  // Nobody is left to hear of an orderly end, and a pass that hangs would keep it from ending.
  channel.onDisconnect(() => channel.exit());
}

class EngineHost {
  readonly #channel: HostChannel;
  readonly #load: HostedLoad;
  readonly #streams = new Map<number, HostedStream>();
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  /** Ends each of the calls that are being answered. */
  readonly #calls = new Map<number, AbortController>();
  #service: EngineService | undefined;
  /** What requests have to tell, and what is to be done at the end of this turn of the event loop. */
  #groups: EventGroup[] = [];
  #turn: (() => void)[] = [];

  constructor(channel: HostChannel, load: HostedLoad) {
    this.#channel = channel;
    this.#load = load;
  }

  hear(message: ToEngine): void {
    switch (message.type) {
      case 'load':
        void this.#open(message.options);
        break;
      case 'generate':
        this.#generate(message.id, message.request);
        break;
      case 'abort':
        this.#streams.get(message.id)?.abort();
        break;
      case 'cancel':
        this.#streams.get(message.id)?.cancel();
        break;
      case 'credit':
        this.#streams.get(message.id)?.credit(message.groups);
        this.#sendGroups();
        break;
      case 'call':
        void this.#answer(message.id, message.call);
        break;
      case 'abandon':
        this.#calls.get(message.id)?.abort();
        break;
      case 'ping':
        void this.#pong();
        break;
      case 'close':
        void this.#close();
        break;
    }
  }

  async #open(options: PlainEngineOptions): Promise<void> {
    try {
      const report = (event: LoadEvent): void => this.#channel.send({ type: 'progress', event });
      this.#service = await this.#load(options, report, this.#closing.signal);
      this.#channel.send({ type: 'ready', description: this.#service.description });
      void this.#pong();
    } catch (error) {
      this.#channel.send({ type: 'failed', error: plainError(error) });
    }
  }

  #generate(id: number, request: ServiceRequest): void {
    const stream = new HostedStream({
      generate: (signal) => this.#engine.generate(request, signal),
      atTurn: (work) => this.#atTurn(work),
      send: (events) => {
        this.#groups.push({ id, events });
        if (events.some(({ type }) => type === 'start')) void this.#tellSlots();
      },
    });
    this.#streams.set(id, stream);
    const ended = async (error?: unknown): Promise<void> => {
      this.#streams.delete(id);
      this.#sendGroups();
      await this.#tellSlots();
      this.#channel.send({ type: 'ended', id, error: error === undefined ? undefined : plainError(error) });
    };
    const running = stream.run().then(() => ended(), ended);
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  /** Requests that share a pass share a message: one for each would take longer than most passes' events are worth. */
  #atTurn(work: () => void): void {
    if (this.#turn.push(work) > 1) return;
    setImmediate(() => {
      const turn = this.#turn;
      this.#turn = [];
      for (const one of turn) one();
      this.#sendGroups();
    });
  }

  #sendGroups(): void {
    if (this.#groups.length === 0) return;
    this.#channel.send({ type: 'events', groups: this.#groups });
    this.#groups = [];
  }

  async #answer(id: number, call: Call): Promise<void> {
    const abandoned = new AbortController();
    this.#calls.set(id, abandoned);
    try {
      const value = await this.#call(call, abandoned.signal);
      if (!abandoned.signal.aborted) this.#channel.send({ type: 'reply', id, value });
    } catch (error) {
      if (!abandoned.signal.aborted) this.#channel.send({ type: 'refusal', id, error: plainError(error) });
    } finally {
      this.#calls.delete(id);
    }
  }

  #call(call: Call, signal: AbortSignal): Promise<Replies[Call['name']]> {
    switch (call.name) {
      case 'tokenize':
        return this.#engine.tokenize(call.prompt, call.options);
      case 'pieces':
        return this.#engine.pieces(call.tokens, call.renderSpecial);
      case 'render':
        return this.#engine.render(call.chat);
      case 'passCosts':
        return this.#engine.passCosts();
      case 'score':
        return this.#engine.score(call.request, signal);
    }
  }

  async #tellSlots(): Promise<void> {
    this.#channel.send({ type: 'slots', slots: (await this.#engine.status()).slots });
  }

  async #pong(): Promise<void> {
    const { slots, passes } = (await this.#service?.status()) ?? { slots: undefined, passes: [] };
    this.#channel.send({ type: 'pong', slots, passes, blocksRead: this.#channel.blocksRead() });
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#service?.close();
    await Promise.all(this.#running);
    this.#channel.exit();
  }

  get #engine(): EngineService {
    if (this.#service === undefined) throw new OutriderError('closed', 'the engine is not loaded');
    return this.#service;
  }
}

interface StreamParts {
  readonly generate: (signal: AbortSignal) => AsyncGenerator<GenerationEvent, void, void>;
  /** Has something done when this turn of the event loop is over. */
  readonly atTurn: (work: () => void) => void;
  readonly send: (events: readonly PlainEvent[]) => void;
}

/**
 * A request whose events go out in groups, a turn of the event loop each, and wait where their reader is slow. A round
 * and its text come without such a turn between them, so a message never parts them, and neither does a death.
 */
class HostedStream {
  readonly #parts: StreamParts;
  readonly #stop = new AbortController();
  #group: PlainEvent[] = [];
  /** The group is complete and waits for credit. */
  #isWaiting = false;
  #credits = CREDITS;
  #wake: () => void = () => {};
  #isCancelled = false;

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    for await (const event of this.#parts.generate(this.#stop.signal)) {
      while (this.#isWaiting && !this.#isCancelled) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#isCancelled) return;
      if (this.#group.push(plainEvent(event)) === 1) this.#parts.atTurn(() => this.#complete());
    }
    if (!this.#isCancelled) this.#flush();
  }

  abort(): void {
    this.#stop.abort();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#stop.abort();
    this.#wake();
  }

  credit(groups: number): void {
    this.#credits += groups;
    if (this.#isWaiting) this.#flush();
    this.#wake();
  }

  #complete(): void {
    if (this.#isCancelled) return;
    if (this.#credits > 0) this.#flush();
    else this.#isWaiting = this.#group.length > 0;
  }

  #flush(): void {
    this.#isWaiting = false;
    if (this.#group.length === 0) return;
    this.#credits -= 1;
    this.#parts.send(this.#group);
    this.#group = [];
  }
}
