import { isLoopbackName } from './loopback.js';

/** The origins whose pages may read answers. */
export type CorsOrigins = 'any' | readonly string[];

/** Stands for every origin on this machine in a list of origins. */
export const LOCAL_ORIGINS = 'localhost';

/** What a page may read of an answer besides its body. */
const EXPOSED = 'X-Request-Id, Retry-After';
/** Seconds for which a browser need not ask again. */
const MAX_AGE = '600';

/** The headers of any answer to a page of `origin`. Credentials (cookies) are allowed only to origins that were named. */
export function corsHeaders(origins: CorsOrigins, origin: string | undefined): Readonly<Record<string, string>> {
  if (origins === 'any') return { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': EXPOSED };
  if (origin === undefined || !isNamed(origins, origin)) return { Vary: 'Origin' };
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Expose-Headers': EXPOSED,
    Vary: 'Origin',
  };
}

/** The further headers of the answer to a browser's question before a request. */
export function preflightHeaders(request: Headers): Readonly<Record<string, string>> {
  return {
    'Access-Control-Allow-Methods': 'GET, POST, DELETE, OPTIONS',
    // Echoed, since `*` does not cover Authorization and clients send a dozen headers of their own.
    'Access-Control-Allow-Headers': request.get('access-control-request-headers') ?? '*',
    'Access-Control-Max-Age': MAX_AGE,
    // A page of the internet may ask a server in the private network only with this.
    ...(request.get('access-control-request-private-network') === 'true' && {
      'Access-Control-Allow-Private-Network': 'true',
    }),
  };
}

function isNamed(origins: readonly string[], origin: string): boolean {
  if (origins.includes(origin)) return true;
  if (!origins.includes(LOCAL_ORIGINS) || !URL.canParse(origin)) return false;
  return isLoopbackName(new URL(origin).hostname);
}
