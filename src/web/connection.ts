/** Whether the server is there: known from what is asked of it anyway, and asked for while it is not. */
import { Store } from './store.js';

/** `away`: it answers nothing; `waiting`: it answers, and says that its engine is not ready. */
export type ConnectionState =
  | { readonly kind: 'connected' }
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'away' };

/** How often it is asked, in milliseconds. */
const ASK_MS = { connected: 15_000, waiting: 1_000, away: 2_000 };

export class Connection extends Store<ConnectionState> {
  readonly #health: () => Promise<Response>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param health asks GET /health */
  constructor(health: () => Promise<Response>) {
    super({ kind: 'connected' });
    this.#health = health;
  }

  /** Asks at once, and again and again. */
  async ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#become(await this.#answer());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ask(), ASK_MS[this.value.kind]);
  }

  /** A request was answered, or was not. */
  heard(what: 'answer' | 'silence'): void {
    if (what === 'answer' && this.value.kind === 'away') this.ask();
    if (what === 'silence' && this.value.kind !== 'away') {
      this.#become({ kind: 'away' });
      this.ask();
    }
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #become(state: ConnectionState): void {
    const { value } = this;
    const same =
      state.kind === value.kind && (state.kind !== 'waiting' || state.reason === (value as typeof state).reason);
    if (!same) this.set(state);
  }

  async #answer(): Promise<ConnectionState> {
    try {
      const response = await this.#health();
      const body = await response.json();
      if (!response.ok) return { kind: 'waiting', reason: body?.error?.message ?? `status ${response.status}` };
      return body.status === 'ok' ? { kind: 'connected' } : { kind: 'waiting', reason: body.reason ?? body.status };
    } catch {
      return { kind: 'away' };
    }
  }
}
