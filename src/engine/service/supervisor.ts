import { OutriderError } from '../../errors.js';
import type { Token } from '../../speculative/index.js';
import type { GenerationEvent } from '../events.js';
import type { Chat, Prompt } from '../request.js';
import type { ScoreRequest } from '../score.js';
import type {
  EngineDescription,
  EngineService,
  ServiceRequest,
  ServiceState,
  ServiceStatus,
  TokenizeOptions,
} from '../service.js';
import type { Death } from './death.js';
import { EngineLife } from './engine-life.js';
import { FirstLoad } from './first-load.js';
import { LastReport } from './last-report.js';
import { PendingCalls } from './pending-calls.js';
import { type EventGroup, errorOf, eventOf, type FromEngine } from './protocol.js';
import { Restarts } from './restarts.js';
import { CLOSE_MS, HANG_MS, LOAD_MS, PASS_MS, type SuperviseOptions } from './supervise-options.js';
import { SupervisedRequest } from './supervised-request.js';
import { SupervisedRequests } from './supervised-requests.js';

/**
 * An engine in a child process. If that dies or hangs it is started again, and every request goes on behind the tokens
 * that it has: with a seed, under matching and strict decoding, its text is what it would have been.
 *
 * @throws OutriderError where the first load fails, or hangs again and again; `aborted` by the signal
 */
export async function superviseEngine(options: SuperviseOptions): Promise<EngineService> {
  const supervisor = new Supervisor(options);
  try {
    await supervisor.opened;
    return supervisor;
  } catch (error) {
    await supervisor.close();
    throw error;
  }
}

class Supervisor implements EngineService {
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
  readonly #report = new LastReport();
  readonly #firstLoad: FirstLoad;
  /** Resolves when no process is left, once that is wanted. */
  #onGone: () => void = () => {};
  #closed: Promise<void> | undefined;

  constructor(options: SuperviseOptions) {
    this.#options = options;
    this.#restarts = new Restarts(options);
    this.#firstLoad = new FirstLoad(options.signal);
    if (!options.signal?.aborted) this.#start();
  }

  /** Settles with the first load. */
  get opened(): Promise<void> {
    return this.#firstLoad.done;
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
      slots: this.#report.slots,
      passes: this.#report.passes,
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
      case 'pong':
        this.#report.hear(message);
        break;
    }
  }

  #onReady(description: EngineDescription): void {
    if (this.#state === 'closed') return;
    this.#description ??= description;
    this.#state = 'ready';
    this.#reason = undefined;
    this.#restarts.ready();
    this.#firstLoad.succeeded();
    this.#calls.askWaiting();
    this.#openRequests();
  }

  /** Calls that an engine died with are asked first, by themselves: they are short, and it is seen whether they do it again. */
  #openRequests(): void {
    if (this.#state === 'ready' && !this.#calls.hasSuspects) this.#requests.open();
  }

  /** The first load's error is the caller's; one of a later load, such as a lack of memory, may pass. */
  #onFailed(error: OutriderError): void {
    if (this.#description === undefined) this.#firstLoad.failed(error);
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
    this.#report.died();
    this.#onGone();
    if (this.#state === 'closed') return;
    // A first load that dies is its caller's to judge. One that hung may have waited for a drive, and is tried again.
    if (this.#description === undefined && death.by !== 'watch') {
      this.#firstLoad.failed(new OutriderError('engine_died', `the engine died while it was loaded: ${reason}`));
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
    this.#firstLoad.failed(error);
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
