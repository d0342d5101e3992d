import type { Call } from './activity.js';
import type { ServerRequest } from './dialect.js';

/** The call behind an HTTP request, and what takes it back: it is aborted when the client's connection is gone. */
export function openCall(
  context: ServerRequest,
  dialect: string,
): { readonly call: Call; readonly abort: AbortController } {
  const abort = new AbortController();
  const { signal } = context.req.raw;
  if (signal.aborted) abort.abort();
  else signal.addEventListener('abort', () => abort.abort(), { once: true });
  return { call: { requestId: context.get('requestId'), dialect, signal: abort.signal }, abort };
}
