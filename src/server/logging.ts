import type { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { given } from '../given.js';
import type { ActivityListener } from './activity.js';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A log of one JSON object a line. */
export function createLog(level: LogLevel, destination: Writable): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** Logs every generation: what it cost and what speculation did, its text only where `logText`. */
export function activityLog(log: Logger, logText: boolean): ActivityListener {
  return {
    onEvent(event, { id, requestId, dialect }) {
      if (event.type === 'error')
        log.error({ requestId, generation: id, dialect, err: event.error }, 'generation failed');
    },
    onEnd({ id, requestId, dialect, request }, finish) {
      if (finish === undefined) return;
      const { reason, promptTokens, cachedTokens = 0, completionTokens, statistics, timings } = finish;
      const { shifted, dropped, route } = finish;
      const { drafted, accepted, rejected, rounds } = statistics;
      log.info(
        {
          requestId,
          generation: id,
          dialect,
          reason,
          promptTokens,
          cachedTokens,
          completionTokens,
          rounds,
          drafted,
          accepted,
          rejected,
          promptMs: timings.promptMs,
          predictedMs: timings.predictedMs,
          ...given({ shifted, dropped, route }),
          ...(logText && { prompt: request.prompt, text: finish.text }),
        },
        'generation',
      );
    },
  };
}
