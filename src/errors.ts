/**
 * Every way in which Outrider refuses or fails, with the exit code of the command line.
 * 2: the caller can mend the call; 1: something outside the call is wrong.
 */
export const ERROR_CODES = {
  invalid_argument: { exitCode: 2 },
  model_not_found: { exitCode: 2 },
  model_invalid: { exitCode: 1 },
  context_exceeded: { exitCode: 2 },
  text_too_long: { exitCode: 2 },
  memory_exceeded: { exitCode: 1 },
  vocab_mismatch: { exitCode: 2 },
  template_failed: { exitCode: 1 },
  library_not_found: { exitCode: 1 },
  abi_mismatch: { exitCode: 1 },
  backend_failed: { exitCode: 1 },
  engine_died: { exitCode: 1 },
  queue_full: { exitCode: 1 },
  aborted: { exitCode: 1 },
  closed: { exitCode: 1 },
  output_failed: { exitCode: 1 },
  listen_failed: { exitCode: 1 },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * The only error that users meet: `message` says in one line what was expected, what came and what to do.
 * `details` is for machines (the offending parameter, sizes, counts). Anything else that is thrown is a bug.
 */
export class OutriderError extends Error {
  override readonly name = 'OutriderError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
