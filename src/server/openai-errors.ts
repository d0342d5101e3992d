import type { Logger } from 'pino';
import { z } from 'zod';
import { count } from './engine-schemas.js';
import { FAILURE_STATUS, type Failure, type FailureKind, failureOf } from './failure.js';
import { inRequestNames } from './parameter-names.js';
import { dataFrame } from './sse.js';

const TYPES: Readonly<Record<FailureKind, string>> = {
  invalid_request: 'invalid_request_error',
  context_exceeded: 'exceed_context_size_error',
  unauthorized: 'authentication_error',
  forbidden: 'permission_error',
  not_found: 'not_found_error',
  method_not_allowed: 'invalid_request_error',
  timeout: 'invalid_request_error',
  too_large: 'invalid_request_error',
  unsupported_encoding: 'invalid_request_error',
  busy: 'rate_limit_error',
  headers_too_large: 'invalid_request_error',
  internal: 'server_error',
  not_supported: 'not_supported_error',
  unavailable: 'unavailable_error',
};

export const errorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.int(),
    n_prompt_tokens: count.optional(),
    n_ctx: count.optional(),
  }),
});

/** OpenAI's error body, with llama-server's two counts where the prompt was too long. */
export function encodeFailure(failure: Failure): {
  readonly status: number;
  readonly body: z.output<typeof errorSchema>;
} {
  const { kind, details } = failure;
  const { promptTokens, contextSize } = details;
  const { message, parameter } = inRequestNames(failure.message, details.parameter);
  return {
    status: FAILURE_STATUS[kind],
    body: {
      error: {
        // Clients know an overflow by one of these two phrases.
        message:
          kind === 'context_exceeded'
            ? `${message}. The request exceeds the available context size, the maximum context length of this server.`
            : message,
        type: TYPES[kind],
        param: parameter ?? null,
        code: FAILURE_STATUS[kind],
        ...(kind === 'context_exceeded' && { n_prompt_tokens: promptTokens, n_ctx: contextSize }),
      },
    },
  };
}

/** How a stream that has begun tells of an error; no `[DONE]` follows. */
export function errorFrame(log: Logger, requestId: string): (error: unknown) => string {
  return (error) => {
    const failure = failureOf(error);
    log.error({ requestId, err: failure.details.cause ?? failure }, 'a stream ended with an error');
    return dataFrame(encodeFailure(failure).body);
  };
}
