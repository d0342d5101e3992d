import type { TokenLogprob } from '../../engine/events.js';
import type { ServiceRequest } from '../../engine/service.js';
import type { Activity, Call, ServedEvent } from '../activity.js';

/** Who asks: a front end's key, the same for a whole session; empty for those that send none. */
export interface Owner {
  readonly genkey: string;
  readonly call: Call;
  readonly abort: AbortController;
}

interface RunningGeneration extends Owner {
  text: string;
  readonly logprobs: TokenLogprob[];
}

/** The generations of this dialect that wait or run, by the key of those who asked. */
export class RunningGenerations {
  readonly #activity: Pick<Activity, 'run'>;
  readonly #running = new Set<RunningGeneration>();
  #last: Pick<RunningGeneration, 'genkey' | 'logprobs'> | undefined;

  constructor(activity: Pick<Activity, 'run'>) {
    this.#activity = activity;
  }

  /**
   * Runs what `prepare` makes of a request; it can be taken back from the first `next()` on, while it is being prepared too.
   * @throws as `prepare` and Activity.run
   */
  async *run(owner: Owner, prepare: () => Promise<ServiceRequest>): AsyncGenerator<ServedEvent, void, void> {
    const generation: RunningGeneration = { ...owner, text: '', logprobs: [] };
    this.#running.add(generation);
    try {
      for await (const event of this.#activity.run(await prepare(), owner.call)) {
        if (event.type === 'text') {
          generation.text += event.text;
          generation.logprobs.push(...(event.logprobs ?? []));
        }
        yield event;
      }
    } finally {
      this.#running.delete(generation);
      this.#last = generation;
    }
  }

  /** The text so far of the newest one under that key; empty where there is none. */
  textOf(genkey: string): string {
    return this.#of(genkey).at(-1)?.text ?? '';
  }

  /** Of the last generation that ended, for who asked for it; none where it asked for none. */
  lastLogprobs(genkey: string): readonly TokenLogprob[] {
    return this.#last?.genkey === genkey ? this.#last.logprobs : [];
  }

  /** Ends what is there under that key now, what waits included, and nothing that comes later. */
  abort(genkey: string): void {
    for (const { abort } of this.#of(genkey)) abort.abort();
  }

  #of(genkey: string): readonly RunningGeneration[] {
    return [...this.#running].filter((generation) => generation.genkey === genkey);
  }
}
