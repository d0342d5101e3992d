import { type ErrorCode, OutriderError } from '../errors.js';

/** Why a request gets no proper answer, before a dialect words it; with the status of those that have no other custom. */
export const FAILURE_STATUS = {
  invalid_request: 400,
  context_exceeded: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  timeout: 408,
  too_large: 413,
  unsupported_encoding: 415,
  busy: 429,
  headers_too_large: 431,
  internal: 500,
  /** A whole endpoint that is not served. Clients retry it, so never for a field of a request. */
  not_supported: 501,
  unavailable: 503,
} as const;

export type FailureKind = keyof typeof FAILURE_STATUS;

/** What a dialect turns into its own error body. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  readonly details: FailureDetails;

  constructor(kind: FailureKind, message: string, details: FailureDetails = {}) {
    super(message);
    this.kind = kind;
    this.details = details;
  }
}

export interface FailureDetails {
  /** What is at fault: the field as the client wrote it, or the engine's parameter (see inRequestNames). */
  readonly parameter?: string | undefined;
  /** Of `context_exceeded`, in tokens. */
  readonly promptTokens?: number;
  readonly contextSize?: number;
  /** Headers that the answer carries, such as Retry-After. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What to look at in the log; never sent to the client. */
  readonly cause?: unknown;
}

const KINDS: Readonly<Record<ErrorCode, FailureKind>> = {
  invalid_argument: 'invalid_request',
  context_exceeded: 'context_exceeded',
  text_too_long: 'too_large',
  template_failed: 'invalid_request',
  queue_full: 'busy',
  closed: 'unavailable',
  engine_died: 'internal',
  aborted: 'internal',
  backend_failed: 'internal',
  memory_exceeded: 'internal',
  model_not_found: 'internal',
  model_invalid: 'internal',
  vocab_mismatch: 'internal',
  library_not_found: 'internal',
  abi_mismatch: 'internal',
  output_failed: 'internal',
  listen_failed: 'internal',
};

/** What clients should do about a failure, where the status says too little. */
const HEADERS: Partial<Record<ErrorCode, Readonly<Record<string, string>>>> = {
  queue_full: { 'Retry-After': '1' },
  // The openai packages repeat a request after any 5xx, and this one may well be what the engine dies of.
  engine_died: { 'X-Should-Retry': 'false' },
};

/**
 * Any thrown value as a failure. What nobody foresaw becomes `internal`, and its words stay in the log.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof OutriderError)) {
    return new Failure('internal', 'something went wrong in the server; its log says what', { cause: error });
  }
  const { code, message, details } = error;
  const headers = HEADERS[code];
  const parameter = typeof details.parameter === 'string' ? details.parameter : undefined;
  return new Failure(KINDS[code], message, {
    parameter,
    ...(typeof details.promptTokens === 'number' && { promptTokens: details.promptTokens }),
    ...(typeof details.contextSize === 'number' && { contextSize: details.contextSize }),
    ...(headers !== undefined && { headers }),
    cause: error,
  });
}
