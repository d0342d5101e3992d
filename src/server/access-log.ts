import type { Logger } from 'pino';
import type { ServerRequest } from './dialect.js';

/** Logs the request when its answer has gone out, or its client has. Returns what to call when the answer stands. */
export function logAccess(context: ServerRequest, log: Logger, now: () => number): () => void {
  const began = now();
  const { method, path } = context.req;
  const { outgoing } = context.env ?? {};
  const entry = (complete: boolean) => ({
    requestId: context.get('requestId'),
    method,
    path,
    status: context.res.status,
    ms: Math.round((now() - began) * 10) / 10,
    // A client that left before the end; its answer was cut off there.
    ...(!complete && { left: true }),
  });
  outgoing?.once('close', () => log.info(entry(outgoing.writableFinished), 'request'));
  return () => {
    if (outgoing === undefined) log.info(entry(true), 'request');
  };
}
