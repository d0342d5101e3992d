import { OutriderError } from '../../errors.js';
import type { Death } from './death.js';
import { Quarantine } from './poison.js';
import type { ToEngine } from './protocol.js';
import type { SupervisedRequest } from './supervised-request.js';

/** All requests that are not over, and who of them may enter the engine. */
export class SupervisedRequests {
  readonly #send: (message: ToEngine) => void;
  readonly #onTrialsOver: () => void;
  readonly #requests = new Map<number, SupervisedRequest>();
  readonly #quarantine = new Quarantine<SupervisedRequest>();
  #isOpen = false;

  /**
   * @param send to the engine that is ready; throws an OutriderError for what cannot be sent
   * @param onTrialsOver nobody has to run alone any more
   */
  constructor(send: (message: ToEngine) => void, onTrialsOver: () => void) {
    this.#send = send;
    this.#onTrialsOver = onTrialsOver;
  }

  /** Whether a request has to run alone: nothing else may be asked of the engine. */
  get isTrying(): boolean {
    return this.#isOpen && this.#quarantine.hasSuspects;
  }

  /** How many run, and how many wait in the engine or for one. */
  get counts(): { readonly running: number; readonly queued: number } {
    const within = this.#at('within');
    const queued = within.filter(({ isQueued }) => isQueued).length;
    return { running: within.length - queued, queued: queued + this.#at('waiting').length };
  }

  get(id: number): SupervisedRequest | undefined {
    return this.#requests.get(id);
  }

  add(request: SupervisedRequest): void {
    this.#requests.set(request.id, request);
    this.#admit();
  }

  /** An engine is ready. */
  open(): void {
    this.#isOpen = true;
    this.#admit();
  }

  /** The reader has used a group of events up. */
  credit(request: SupervisedRequest): void {
    const groups = request.use();
    if (request.place === 'within' && groups > 0) this.#send({ type: 'credit', id: request.id, groups });
  }

  /** The engine ends what it has, with a last event; what waits is over at once. */
  abort(request: SupervisedRequest): void {
    request.isAborted = true;
    if (request.place === 'within') this.#send({ type: 'abort', id: request.id });
    if (request.place !== 'waiting') return;
    request.abort();
    this.remove(request);
  }

  /** It has a new token: what happens from now on is not its fault. */
  progressed(request: SupervisedRequest): void {
    if (!this.#quarantine.clear(request)) return;
    this.#admit();
    if (!this.#quarantine.hasSuspects) this.#onTrialsOver();
  }

  /** It is over, or its reader has gone. */
  remove(request: SupervisedRequest): void {
    if (!this.#requests.delete(request.id)) return;
    if (request.place === 'within') this.#send({ type: 'cancel', id: request.id });
    this.progressed(request);
  }

  /**
   * The engine died: sorts out who may have caused it; all others wait for the next.
   * @param calls questions of others that it had too
   */
  died(death: Death, calls: number): void {
    this.#isOpen = false;
    const within = this.#at('within');
    const refused = new Set(this.#quarantine.died(within, calls, death));
    for (const request of within) {
      request.place = 'waiting';
      if (refused.has(request)) this.#fail(request, givenUp(death.reason));
      else if (request.isAborted) this.abort(request);
    }
  }

  failAll(error: OutriderError): void {
    for (const request of [...this.#requests.values()]) this.#fail(request, error);
  }

  /** No engine is left. */
  abortAll(): void {
    this.#isOpen = false;
    for (const request of [...this.#requests.values()]) {
      request.abort();
      this.remove(request);
    }
  }

  #fail(request: SupervisedRequest, error: OutriderError): void {
    request.fail(error);
    this.remove(request);
  }

  #admit(): void {
    if (!this.#isOpen) return;
    for (const request of this.#quarantine.admit(this.#at('waiting'), this.#at('within'))) {
      try {
        this.#send({ type: 'generate', id: request.id, request: request.enter() });
      } catch (error) {
        this.#fail(request, error as OutriderError);
      }
    }
  }

  #at(place: 'waiting' | 'within'): SupervisedRequest[] {
    return [...this.#requests.values()].filter((request) => request.place === place);
  }
}

function givenUp(reason: string): OutriderError {
  return new OutriderError(
    'engine_died',
    `the engine died of this request, also where it ran alone (${reason}); it is given up. Send another, or report this one`,
  );
}
