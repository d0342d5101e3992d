import { getPathNoStrict } from 'hono/utils/url';
import type { Dialect } from './dialect.js';

/** The path that routes are found by: without a slash at its end, and without what clients of a dialect may put before it. */
export function routingPath(dialects: readonly Pick<Dialect, 'withoutPrefix'>[]): (request: Request) => string {
  return (request) =>
    dialects.reduce((path, { withoutPrefix }) => withoutPrefix?.(path) ?? path, getPathNoStrict(request));
}
