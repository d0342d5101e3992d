/** Follows the rounds of all requests for as long as the page is open. */
import { type Api, ApiError, errorIn } from '../api.js';
import type { PassCosts } from '../pass-costs.js';
import { Store } from '../store.js';
import type { LiveMessage } from './messages.js';
import { LiveWindow } from './window.js';

export interface LiveWatchParts {
  readonly api: Pick<Api, 'get' | 'stream'>;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** Resolves when there is reason to ask again behind that error, or behind a stream that just ended. */
  readonly untilAgain: (error: ApiError | undefined) => Promise<void>;
}

/** T(n) follows what else the machine does. */
const COSTS_MS = 2_000;

export class LiveWatch {
  readonly window = new LiveWindow();
  /** Why nothing comes; undefined while the stream stands. */
  readonly problem = new Store<ApiError | undefined>(undefined);
  readonly costs = new Store<PassCosts | undefined>(undefined);
  readonly #parts: LiveWatchParts;
  #started = false;
  #costsAt = Number.NEGATIVE_INFINITY;

  constructor(parts: LiveWatchParts) {
    this.#parts = parts;
  }

  /** The first call begins; it goes on while other views are shown. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#follow();
  }

  async #follow(): Promise<void> {
    while (true) {
      const error = await this.#read();
      this.problem.set(error);
      this.window.lose();
      await this.#parts.untilAgain(error);
    }
  }

  /** Until the stream ends; gives the error that ended it. */
  async #read(): Promise<ApiError | undefined> {
    const { api, now } = this.#parts;
    void this.#learnCosts();
    try {
      for await (const message of api.stream<LiveMessage>('api/outrider/rounds', new AbortController().signal)) {
        const error = errorIn(message);
        if (error !== undefined) return error;
        this.problem.set(undefined);
        this.window.add(message, now());
        const aged = message.type === 'round' && now() - this.#costsAt > COSTS_MS;
        if (aged || message.type === 'end') void this.#learnCosts();
      }
      return undefined;
    } catch (error) {
      if (error instanceof ApiError) return error;
      throw error;
    }
  }

  /** Without them nothing is predicted; the stream says what is wrong with the server. */
  async #learnCosts(): Promise<void> {
    const { api, now } = this.#parts;
    this.#costsAt = now();
    const costs = await api.get<PassCosts>('api/outrider/costs').catch(() => undefined);
    if (costs !== undefined) this.costs.set(costs);
  }
}
