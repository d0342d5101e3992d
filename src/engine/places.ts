import { OutriderError } from '../errors.js';

interface Waiter {
  readonly admit: () => void;
  readonly moved: (ahead: number) => void;
}

/** `again`: an engine that has died had it already; it is not refused for those that came since. */
export type Admission = 'new' | 'again';

/** The places for requests that run at once, and the queue of those that wait, first come first served. */
export class Places {
  #free: number;
  readonly #queue: number;
  readonly #waiting: Waiter[] = [];

  /** @param queue how many may wait */
  constructor(count: number, queue: number) {
    this.#free = count;
    this.#queue = queue;
  }

  /**
   * Resolves once a place is taken. `moved` hears how many requests are ahead, at once and after every change.
   * @throws OutriderError aborted, when the signal fires first; queue_full, when too many wait already and it is new
   */
  enter(signal: AbortSignal | undefined, moved: (ahead: number) => void, admission: Admission = 'new'): Promise<void> {
    if (signal?.aborted) return Promise.reject(abortedError());
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    if (admission === 'new' && this.#waiting.length >= this.#queue) return Promise.reject(queueFullError(this.#queue));
    return new Promise((resolve, reject) => {
      const leaveQueue = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        this.#announce();
        reject(abortedError());
      };
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener('abort', leaveQueue);
          resolve();
        },
        moved,
      };
      this.#waiting.push(waiter);
      signal?.addEventListener('abort', leaveQueue, { once: true });
      moved(this.#waiting.length - 1);
    });
  }

  /** Gives a place back, or on to the first in the queue. */
  leave(): void {
    const first = this.#waiting.shift();
    if (first === undefined) {
      this.#free += 1;
      return;
    }
    first.admit();
    this.#announce();
  }

  #announce(): void {
    this.#waiting.forEach((waiter, ahead) => {
      waiter.moved(ahead);
    });
  }
}

function queueFullError(waiting: number): OutriderError {
  return new OutriderError(
    'queue_full',
    `all places are taken and ${waiting} requests wait, the most that may; try again later`,
    { waiting },
  );
}

export function abortedError(): OutriderError {
  return new OutriderError('aborted', 'the request was aborted');
}
