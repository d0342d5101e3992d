import type { Logger } from 'pino';
import { failureOf } from '../failure.js';
import { encodeFailure } from '../openai-errors.js';
import { dataFrame } from '../sse.js';

/** How a stream of our own messages tells of an error: the last one, of type `error`. */
export function errorMessage(log: Logger, requestId: string): (error: unknown) => string {
  return (error) => {
    const failure = failureOf(error);
    log.error({ requestId, err: failure.details.cause ?? failure }, 'a stream ended with an error');
    return dataFrame({ type: 'error', ...(encodeFailure(failure).body as object) });
  };
}
