import type { ChildProcess } from 'node:child_process';
import { OutriderError } from '../../errors.js';
import type { Token } from '../../speculative/index.js';
import type { GenerationEvent, LoadEvent } from '../events.js';
import type { Chat, Prompt } from '../request.js';
import type { ScoreRequest } from '../score.js';
import type {
  EngineDescription,
  EngineService,
  ServiceRequest,
  ServiceState,
  ServiceStatus,
  SlotStatus,
  TokenizeOptions,
} from '../service.js';
import type { Death } from './death.js';
import { EngineLife } from './engine-life.js';
import { PendingCalls } from './pending-calls.js';
import { type EventGroup, errorOf, eventOf, type FromEngine, type PlainEngineOptions } from './protocol.js';
import { Restarts, type RestartsOptions } from './restarts.js';
import { SupervisedRequest } from './supervised-request.js';
import { SupervisedRequests } from './supervised-requests.js';

export interface SuperviseOptions extends RestartsOptions {
  /** Starts a process that calls `hostEngine`, with a channel of `serialization: 'advanced'`. */
  readonly spawn: () => ChildProcess;
  readonly engine: PlainEngineOptions;
  readonly onProgress?: ((event: LoadEvent) => void) | undefined;
  /** Hears of each death that is followed by a new start, in a few words; of a first load that hangs, too. */
  readonly onDeath?: ((reason: string) => void) | undefined;
  /** Stops the first load. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a sign of life after which the engine is killed, default 30 000. */
  readonly hangMs?: number;
  /** Milliseconds that an orderly end may take, default 5 000. */
  readonly closeMs?: number;
}

/** Passes keep the event loop from answering only where they are known to take milliseconds; long ones run beside it. */
const HANG_MS = 30_000;
/** A prompt chunk of a model that hardly fits may take minutes. */
const PASS_MS = 300_000;
/** Without any progress: a file that is read however slowly makes some. */
const LOAD_MS = 600_000;
const CLOSE_MS = 5_000;

/**
 * An engine in a child process. If that dies or hangs it is started again, and every request goes on behind the tokens
 * that it has: with a seed, under matching and strict decoding, its text is what it would have been.
 *
 * @throws OutriderError where the first load fails, or hangs again and again; `aborted` by the signal
 */
export async function superviseEngine(options: SuperviseOptions): Promise<EngineService> {
  const supervisor = new Supervisor(options);
  try {
    return await supervisor.opened;
  } catch (error) {
    await supervisor.close();
    throw error;
  }
}

class Supervisor implements EngineService {
  /** Settles with the first load. */
  readonly opened: Promise<EngineService>;
  readonly #options: SuperviseOptions;
  readonly #restarts: Restarts;
  readonly #requests = new SupervisedRequests(
    (message) => this.#life?.send(message),
    () => this.#calls.askWaiting(),
  );
  readonly #calls = new PendingCalls({
    send: (message) => this.#life?.send(message),
    mayAsk: () => this.#state === 'ready' && !this.#requests.isTrying,
    onSettled: () => this.#openRequests(),
  });
  #description: EngineDescription | undefined;
  #state: ServiceState = 'loading';
  #reason: string | undefined;
  #life: EngineLife | undefined;
  #nextStart: NodeJS.Timeout | undefined;
  #nextId = 0;
  #slots: readonly SlotStatus[] = [];
  #passes: ServiceStatus['passes'] = [];
  #settleOpening: (error?: OutriderError) => void = () => {};
  /** Resolves when no process is left, once that is wanted. */
  #onGone: () => void = () => {};
  #closed: Promise<void> | undefined;

  constructor(options: SuperviseOptions) {
    this.#options = options;
    this.#restarts = new Restarts(options);
    const { signal } = options;
    const abort = (): void => this.#settleOpening(new OutriderError('aborted', 'loading was aborted'));
    this.opened = new Promise((resolve, reject) => {
      this.#settleOpening = (error) => {
        signal?.removeEventListener('abort', abort);
        if (error === undefined) resolve(this);
        else reject(error);
      };
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    else this.#start();
  }

  get description(): EngineDescription {
    return this.#description!;
  }

  async *generate(request: ServiceRequest, signal?: AbortSignal): AsyncGenerator<GenerationEvent, void, void> {
    this.#assertOpen();
    const supervised = new SupervisedRequest(this.#nextId++, request, this.#options.now);
    const abort = (): void => this.#requests.abort(supervised);
    this.#requests.add(supervised);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    try {
      for await (const group of supervised.groups()) {
        yield* group;
        this.#requests.credit(supervised);
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#requests.remove(supervised);
    }
  }

  async tokenize(prompt: Prompt, options?: TokenizeOptions) {
    this.#assertOpen();
    return this.#calls.ask({ name: 'tokenize', prompt, options });
  }

  async pieces(tokens: readonly Token[], renderSpecial: boolean) {
    this.#assertOpen();
    return this.#calls.ask({ name: 'pieces', tokens, renderSpecial });
  }

  async render(chat: Chat) {
    this.#assertOpen();
    return this.#calls.ask({ name: 'render', chat });
  }

  async passCosts() {
    this.#assertOpen();
    return this.#calls.ask({ name: 'passCosts' });
  }

  async score(request: ScoreRequest, signal?: AbortSignal) {
    this.#assertOpen();
    return this.#calls.ask({ name: 'score', request }, signal);
  }

  async status(): Promise<ServiceStatus> {
    const { running, queued } = this.#requests.counts;
    return {
      state: this.#state,
      reason: this.#reason,
      restarts: this.#restarts.count,
      pid: this.#life?.pid ?? 0,
      running,
      queued,
      slots: this.#slots,
      passes: this.#passes,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#nextStart);
    const { closeMs = CLOSE_MS } = this.#options;
    const life = this.#life;
    if (life !== undefined) {
      const gone = new Promise<void>((resolve) => {
        this.#onGone = resolve;
      });
      life.send({ type: 'close' });
      // Before the first engine is there nobody waits for an orderly end.
      const patience = setTimeout(() => life.kill('it did not end'), this.#description === undefined ? 0 : closeMs);
      await gone;
      clearTimeout(patience);
    }
    this.#calls.rejectAll(closedError());
    this.#requests.abortAll();
  }

  #start(): void {
    const { engine, spawn, hangMs = HANG_MS } = this.#options;
    const life = new EngineLife(spawn(), {
      hangMs,
      passMs: engine.passTimeoutMs ?? PASS_MS,
      loadMs: engine.loadTimeoutMs ?? LOAD_MS,
      onMessage: (message) => this.#hear(message),
      onEnd: (death) => this.#onEnd(death),
    });
    this.#life = life;
    life.send({ type: 'load', options: engine });
  }

  #hear(message: FromEngine): void {
    switch (message.type) {
      case 'progress':
        if (this.#description === undefined) this.#options.onProgress?.(message.event);
        break;
      case 'ready':
        this.#onReady(message.description);
        break;
      case 'failed':
        this.#onFailed(errorOf(message.error));
        break;
      case 'events':
        for (const group of message.groups) this.#onEvents(group);
        break;
      case 'ended':
        this.#onEnded(message);
        break;
      case 'reply':
      case 'refusal':
        this.#calls.hear(message);
        break;
      case 'slots':
        this.#slots = message.slots;
        break;
      case 'pong':
        this.#slots = message.slots;
        this.#passes = message.passes;
        break;
    }
  }

  #onReady(description: EngineDescription): void {
    if (this.#state === 'closed') return;
    this.#description ??= description;
    this.#state = 'ready';
    this.#reason = undefined;
    this.#restarts.ready();
    this.#settleOpening();
    this.#calls.askWaiting();
    this.#openRequests();
  }

  /** Calls that an engine died with are asked first, by themselves: they are short, and it is seen whether they do it again. */
  #openRequests(): void {
    if (this.#state === 'ready' && !this.#calls.hasSuspects) this.#requests.open();
  }

  /** The first load's error is the caller's; one of a later load, such as a lack of memory, may pass. */
  #onFailed(error: OutriderError): void {
    if (this.#description === undefined) this.#settleOpening(error);
    this.#life?.kill(error.message);
  }

  #onEvents({ id, events }: EventGroup): void {
    const request = this.#requests.get(id);
    if (request === undefined) return;
    // What no reader is going to use up is used up now, or the engine would wait for that.
    if (!request.take(events.map(eventOf))) this.#requests.credit(request);
    if (!request.hasProgressed) return;
    this.#restarts.progressed();
    this.#requests.progressed(request);
  }

  #onEnded({ id, error }: Extract<FromEngine, { type: 'ended' }>): void {
    const request = this.#requests.get(id);
    if (request === undefined) return;
    if (error === undefined) request.end();
    else request.fail(errorOf(error));
    this.#requests.remove(request);
  }

  #onEnd(death: Death): void {
    const { reason } = death;
    this.#life = undefined;
    this.#slots = this.#slots.map((slot) => ({ ...slot, state: 'idle', cachedTokens: 0 }));
    this.#passes = [];
    this.#onGone();
    if (this.#state === 'closed') return;
    // A first load that dies is its caller's to judge. One that hung may have waited for a drive, and is tried again.
    if (this.#description === undefined && death.by !== 'watch') {
      this.#settleOpening(new OutriderError('engine_died', `the engine died while it was loaded: ${reason}`));
      return;
    }
    this.#reason = reason;
    if (this.#state === 'ready') {
      this.#requests.died(death, this.#calls.asked);
      this.#calls.died(death);
    }
    const waitMs = this.#restarts.died();
    if (waitMs === undefined) this.#giveUp(reason);
    else this.#startLater(reason, waitMs);
  }

  #startLater(reason: string, waitMs: number): void {
    this.#state = 'restarting';
    this.#options.onDeath?.(reason);
    this.#nextStart = setTimeout(() => this.#start(), waitMs);
  }

  #giveUp(reason: string): void {
    this.#state = 'failed';
    const error = lostError(reason);
    this.#settleOpening(error);
    this.#calls.rejectAll(error);
    this.#requests.failAll(error);
  }

  #assertOpen(): void {
    if (this.#state === 'closed') throw closedError();
    if (this.#state === 'failed') throw lostError(this.#reason ?? '');
  }
}

function closedError(): OutriderError {
  return new OutriderError('closed', 'the engine is closed');
}

function lostError(reason: string): OutriderError {
  return new OutriderError(
    'engine_died',
    `the engine died and could not be started again: ${reason}; restart Outrider`,
  );
}
