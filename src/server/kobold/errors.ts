import type { Logger } from 'pino';
import { z } from 'zod';
import { FAILURE_STATUS, type Failure, type FailureKind, failureOf } from '../failure.js';
import { inRequestNames } from '../parameter-names.js';
import { messageFrame } from '../sse.js';

const TYPES: Partial<Record<FailureKind, string>> = {
  unauthorized: 'unauthorized',
  busy: 'service_unavailable',
  unavailable: 'service_unavailable',
  internal: 'server_error',
  not_found: 'not_found',
  not_supported: 'not_supported',
};

/** Engine parameters that KoboldCpp calls otherwise than llama-server. */
const PARAMETERS: Readonly<Record<string, string>> = {
  repeatPenalty: 'rep_pen',
  penaltyRange: 'rep_pen_range',
  typicalP: 'typical',
  topNSigma: 'nsigma',
  order: 'sampler_order',
  seed: 'sampler_seed',
  maxTokens: 'max_length',
  stop: 'stop_sequence',
  bannedStrings: 'banned_tokens',
  tokens: 'ids',
};

export const errorSchema = z.object({
  detail: z.object({ error: z.string().optional(), msg: z.string(), type: z.string() }),
});

/**
 * KoboldCpp's error body. Its status for bad input is 500; ours is 400, since what is wrong with a request stays wrong when
 * it is sent again.
 */
export function encodeFailure(failure: Failure): {
  readonly status: number;
  readonly body: z.output<typeof errorSchema>;
} {
  const { kind } = failure;
  const msg = messageOf(failure);
  return {
    status: kind === 'busy' ? 503 : FAILURE_STATUS[kind],
    body: { detail: { ...(kind === 'unauthorized' && { error: msg }), msg, type: TYPES[kind] ?? 'bad_input' } },
  };
}

function messageOf({ message, details: { parameter } }: Failure): string {
  const name = parameter === undefined ? undefined : PARAMETERS[parameter];
  if (name === undefined) return inRequestNames(message, parameter).message;
  return message.startsWith(`${parameter}:`) ? `${name}${message.slice(parameter!.length)}` : message;
}

/** How a stream that has begun tells of an error. */
export function errorFrame(log: Logger, requestId: string): (error: unknown) => string {
  return (error) => {
    const failure = failureOf(error);
    log.error({ requestId, err: failure.details.cause ?? failure }, 'a stream ended with an error');
    return messageFrame(encodeFailure(failure).body);
  };
}
