/** Asks the server that this page came from. */
import { eventsOf } from './event-stream.js';

/** `key`: a key is needed or wrong; `unreachable`: no answer at all; `refused`: the server says what is wrong. */
export type ApiErrorKind = 'key' | 'unreachable' | 'refused';

/** What a person is told: `message` is what happened, `advice` what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly kind: ApiErrorKind;
  readonly advice: string;

  constructor(kind: ApiErrorKind, message: string, advice: string) {
    super(message);
    this.kind = kind;
    this.advice = advice;
  }
}

export interface ApiParts {
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
  /** The key to send, if there is one. */
  readonly key: () => string | undefined;
  /** Hears of every request that the server did not answer, answered, or answered with a wish for a key. */
  readonly heard: (what: 'answer' | 'silence' | 'key') => void;
}

/** Every method throws ApiError, but for an abort by the caller's signal: that is thrown as fetch throws it. */
export class Api {
  readonly #parts: ApiParts;

  constructor(parts: ApiParts) {
    this.#parts = parts;
  }

  async get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    const response = await this.#ask(path, {}, signal);
    return this.#read(() => response.json() as Promise<Answer>, signal);
  }

  /** The events of a stream: GET, or POST where there is a body. */
  async *stream<Event>(path: string, signal: AbortSignal, body?: object): AsyncGenerator<Event, void, void> {
    const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    const response = await this.#ask(path, body === undefined ? {} : post, signal);
    const events = eventsOf(response.body!);
    try {
      while (true) {
        const step = await this.#read(() => events.next(), signal);
        if (step.done) return;
        yield step.value as Event;
      }
    } finally {
      await events.return();
    }
  }

  async #ask(path: string, init: RequestInit & { headers?: Record<string, string> }, signal: AbortSignal | undefined) {
    const { fetch, key, heard } = this.#parts;
    const given = key();
    const headers = { ...init.headers, ...(given !== undefined && { Authorization: `Bearer ${given}` }) };
    const response = await this.#read(() => fetch(path, { ...init, headers, ...(signal && { signal }) }), signal);
    heard(response.status === 401 ? 'key' : 'answer');
    if (response.ok) return response;
    throw await refusalOf(response, given !== undefined);
  }

  async #read<Value>(read: () => Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
    try {
      return await read();
    } catch (error) {
      if (signal?.aborted) throw error;
      this.#parts.heard('silence');
      throw new ApiError('unreachable', 'The server does not answer.', 'Try again when it is back.');
    }
  }
}

/** The error that an event of a stream tells of, if it does: a stream that has begun can still fail. */
export function errorIn(event: unknown): ApiError | undefined {
  const message = messageIn(event);
  return message === undefined ? undefined : new ApiError('refused', sentence(message), 'Try again.');
}

async function refusalOf(response: Response, keyWasSent: boolean): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined);
  const said = sentence(messageIn(body) ?? `the server answered with status ${response.status}`);
  const { status } = response;
  if (status === 401) {
    return new ApiError(
      'key',
      keyWasSent ? 'The server does not know this API key.' : 'An API key is needed.',
      'Enter the key that the server was started with.',
    );
  }
  if (status === 429) return new ApiError('refused', said, 'Wait for another request to end, then try again.');
  if (status === 503) return new ApiError('refused', said, 'Try again in a moment.');
  if (status >= 500) return new ApiError('refused', said, 'The server’s log says more.');
  return new ApiError('refused', said, 'Change the request and try again.');
}

function messageIn(body: unknown): string | undefined {
  const error = (body as { error?: { message?: unknown } } | null | undefined)?.error;
  return typeof error?.message === 'string' ? error.message : undefined;
}

/** The server words its errors for any place of a line. */
function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
