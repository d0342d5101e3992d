/** The server's own application with the built page, behind a socket. */
import { setTimeout as delay } from 'node:timers/promises';
import { inject } from 'vitest';
import type { EngineService } from '../../../src/engine/service.js';
import { createApp } from '../../../src/server/app.js';
import { DIALECTS } from '../../../src/server/dialects.js';
import { type Listening, listen } from '../../../src/server/listen.js';
import { encodeFailure } from '../../../src/server/openai-errors.js';
import { Page } from '../../../src/server/page.js';
import { SERVER_DEFAULTS, type ServerSettings } from '../../../src/server/settings.js';
import { testContext } from '../../../src/server/testing/app.js';

export class PageServer {
  readonly #service: EngineService;
  readonly #settings: Partial<ServerSettings>;
  #listening: Listening | undefined;
  #port = 0;

  constructor(service: EngineService, settings: Partial<ServerSettings> = {}) {
    this.#service = service;
    this.#settings = settings;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** On a free port the first time, then at the address that it had. */
  async start(): Promise<void> {
    const app = createApp(testContext(this.#service, this.#settings), DIALECTS, new Page(inject('pageFolder')));
    this.#listening = await listen({
      host: '127.0.0.1',
      port: this.#port,
      fetch: app.fetch,
      bodyLimitBytes: SERVER_DEFAULTS.bodyLimitBytes,
      encodeFailure,
    });
    this.#port = this.#listening.port;
  }

  /** Nobody answers at its address any more; what is being sent is cut off. */
  async stop(): Promise<void> {
    await this.#listening?.close();
    this.#listening = undefined;
  }
}

/** Lets the events of a script through one step at a time, so that a test sees what stands between them. */
export class Steps {
  #allowed = 0;
  #open = false;

  /** What a script awaits before each round. */
  readonly pause = async (): Promise<void> => {
    while (this.#allowed === 0 && !this.#open) await delay(5);
    if (!this.#open) this.#allowed -= 1;
  };

  allow(count: number): void {
    this.#allowed += count;
  }

  allowAll(): void {
    this.#open = true;
  }
}
