/** The server as a whole: an address at once, answers when the engine is there, an orderly end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { collectDefaultMetrics } from 'prom-client';
import type { EngineService } from '../engine/service.js';
import { Activity } from './activity.js';
import { createApp, createLoadingApp, type Dialects } from './app.js';
import { type Listening, listen } from './listen.js';
import { activityLog } from './logging.js';
import { Metrics } from './metrics.js';
import { Page } from './page.js';
import type { ServerSettings } from './settings.js';

/**
 * The delay of the event loop is seen by a timer of so many milliseconds. Each wakes a process that otherwise sleeps while the engine
 * has the cores, and the threads of a pass wait for the one whose core that takes: 10 ms, as usual, were nine in a pass.
 */
const DELAY_TIMER_MS = 100;

/** How long clients have to hear that the server stops, in milliseconds. */
const HAND_BACK_MS = 1_000;

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly settings: ServerSettings;
  readonly dialects: Dialects;
  /** Outrider's own version. */
  readonly version: string;
  readonly log: Logger;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Why the first load was begun again, once it was. */
interface LoadTrouble {
  reason: string | undefined;
}

/** A server that listens. Until it has an engine it answers that the models are being loaded. */
export class Server {
  readonly #listening: Listening;
  readonly #options: ServerOptions;
  readonly #page: Page;
  readonly #hurry = new AbortController();
  readonly #trouble: LoadTrouble;
  #activity: Activity | undefined;

  private constructor(listening: Listening, options: ServerOptions, page: Page, trouble: LoadTrouble) {
    this.#listening = listening;
    this.#options = options;
    this.#page = page;
    this.#trouble = trouble;
  }

  /**
   * Takes the address before anything is loaded for it.
   * @throws OutriderError listen_failed, with the way out
   */
  static async open(options: ServerOptions): Promise<Server> {
    const { host, port, settings, dialects } = options;
    const page = new Page();
    const trouble: LoadTrouble = { reason: undefined };
    const listening = await listen({
      host,
      port,
      fetch: createLoadingApp(settings, dialects, page, () => trouble.reason).fetch,
      bodyLimitBytes: settings.bodyLimitBytes,
      encodeFailure: (failure) => dialects.at(-1)!.encodeFailure(failure),
    });
    return new Server(listening, options, page, trouble);
  }

  /** Where a client on this machine finds it. */
  get url(): string {
    return this.#listening.url;
  }

  get port(): number {
    return this.#listening.port;
  }

  /** The models are loaded once more: until they are there, whoever asks hears why. */
  loadsAgain(reason: string): void {
    this.#trouble.reason = reason;
  }

  /** From now on requests are answered. The service stays the caller's, who closes it after the server. */
  serve(service: EngineService): void {
    const { settings, dialects, version, log, now, clock } = this.#options;
    const activity = new Activity(service, now);
    const metrics = new Metrics(service, now);
    // Memory, processor time and the delay of the event loop of this process.
    collectDefaultMetrics({ register: metrics.registry, eventLoopMonitoringPrecision: DELAY_TIMER_MS });
    activity.listen(metrics);
    activity.listen(activityLog(log, settings.logText));
    // The steady clock counts from the start of the process.
    const startedAt = (clock() - now()) / 1000;
    const context = { service, activity, metrics, settings, startedAt, version, log, now, clock };
    this.#activity = activity;
    this.#listening.serve(createApp(context, dialects, this.#page).fetch);
  }

  /**
   * Takes no more requests, lets those that run finish for `settings.stopMs`, tells the clients of the rest that it stops,
   * and closes all connections.
   */
  async stop(): Promise<void> {
    this.#listening.stopAccepting();
    const activity = this.#activity;
    if (activity !== undefined) {
      await firstOf(activity.idle(), this.#options.settings.stopMs, this.#hurry.signal);
      activity.stop();
      // A client that does not read does not hear of it either.
      await firstOf(activity.idle(), HAND_BACK_MS);
    }
    await this.#listening.close();
  }

  /** Ends what runs at once, for those who do not wait for `stop`. */
  hurry(): void {
    this.#hurry.abort();
  }
}

/** Waits for the promise, at most `ms`, and no longer than until the signal. */
async function firstOf(promise: Promise<void>, ms: number, signal?: AbortSignal): Promise<void> {
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  await Promise.race([promise, delay(ms, undefined, { signal: limit.signal }).catch(() => {})]);
  stop();
  signal?.removeEventListener('abort', stop);
}
