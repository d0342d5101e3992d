import type { Logger } from 'pino';
import { z } from 'zod';
import { failureOf } from '../failure.js';
import { encodeFailure, errorSchema } from '../openai-errors.js';
import { dataFrame } from '../sse.js';

export const errorMessageSchema = errorSchema.extend({ type: z.literal('error') });

/** How a stream of our own messages tells of an error: the last one, of type `error`. */
export function errorMessage(log: Logger, requestId: string): (error: unknown) => string {
  return (error) => {
    const failure = failureOf(error);
    log.error({ requestId, err: failure.details.cause ?? failure }, 'a stream ended with an error');
    const message: z.output<typeof errorMessageSchema> = { type: 'error', ...encodeFailure(failure).body };
    return dataFrame(message);
  };
}
