/** The socket side: an address, time limits, what Node refuses before any route sees it, and an orderly end. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6, type Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { OutriderError } from '../errors.js';
import type { EncodedFailure } from './dialect.js';
import { Failure } from './failure.js';

/** Limits in milliseconds. */
export interface TimeLimits {
  /** For all headers of a request, and for all of it. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often they are looked at. */
  readonly checkMs: number;
}

const TIME_LIMITS: TimeLimits = { headersMs: 30_000, requestMs: 300_000, checkMs: 2_000 };
/** Node announces whole seconds and closes at the very end: the rest is for requests that are on their way then. */
const KEEP_ALIVE_TIMEOUT = 75_900;
/** How long sockets may take to send what is left when all is over. */
const FLUSH_MS = 1_000;

/** Answers a request; hono's `app.fetch`. */
export type Fetch = (request: Request, bindings: object) => Response | Promise<Response>;

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly fetch: Fetch;
  readonly bodyLimitBytes: number;
  /** Default: half a minute for headers, five for all. */
  readonly limits?: TimeLimits;
  /** Words what Node's parser refuses. */
  readonly encodeFailure: (failure: Failure) => EncodedFailure;
}

export interface Listening {
  readonly port: number;
  /** Where a client on this machine finds it. */
  readonly url: string;
  /** From now on another application answers. */
  serve(fetch: Fetch): void;
  /** No new connections; idle ones end. */
  stopAccepting(): void;
  /** Ends all connections, after a moment for what is still being sent. */
  close(): Promise<void>;
}

/** @throws OutriderError listen_failed, with the way out */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { host, port, fetch, bodyLimitBytes, limits = TIME_LIMITS, encodeFailure } = options;
  let current = fetch;
  const listener = getRequestListener((request, bindings) => current(request, bindings), {
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      const { status, body } = encodeFailure(new Failure('invalid_request', (error as Error).message));
      return Response.json(body, { status });
    },
  });
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      connectionsCheckingInterval: limits.checkMs,
      noDelay: true,
      // Refused by our listener instead, in words.
      requireHostHeader: false,
    },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  continueWithin(server, bodyLimitBytes);
  refuseUnparsed(server, encodeFailure);
  await bind(server, host, port);
  const bound = server.address() as AddressInfo;
  return {
    port: bound.port,
    // The address itself: which one a name stood for differs between machines.
    url: urlOf(bound.address, bound.port),
    serve: (next) => {
      current = next;
    },
    stopAccepting: () => {
      server.close();
      server.closeIdleConnections();
    },
    async close() {
      if (server.listening) server.close();
      server.closeIdleConnections();
      const flush = setTimeout(() => server.closeAllConnections(), FLUSH_MS);
      await closed;
      clearTimeout(flush);
    },
  };
}

/** A client that asks before it sends a large body is told at once, either way. */
function continueWithin(server: Server, bodyLimitBytes: number): void {
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const tooLarge = Number(incoming.headers['content-length'] ?? 0) > bodyLimitBytes;
    if (!tooLarge) outgoing.writeContinue();
    server.emit('request', incoming, outgoing);
  });
}

/** What cannot be parsed as HTTP gets an answer in words, unless one is already under way on its connection. */
function refuseUnparsed(server: Server, encodeFailure: ListenOptions['encodeFailure']): void {
  const answers = new WeakMap<object, Set<ServerResponse>>();
  server.prependListener('request', ({ socket }: IncomingMessage, outgoing: ServerResponse) => {
    const ofSocket = answers.get(socket) ?? new Set();
    answers.set(socket, ofSocket.add(outgoing));
    outgoing.once('close', () => ofSocket.delete(outgoing));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const underWay = [...(answers.get(socket) ?? [])].some(({ headersSent }) => headersSent);
    if (error.code === 'ECONNRESET' || !socket.writable || underWay) {
      socket.destroy();
      return;
    }
    const { status, body } = encodeFailure(failureOfParser(error));
    const text = JSON.stringify(body);
    socket.end(
      [
        `HTTP/1.1 ${status} ${REASONS[status] ?? 'Bad Request'}`,
        'Content-Type: application/json',
        `Content-Length: ${Buffer.byteLength(text)}`,
        'Connection: close',
        '',
        text,
      ].join('\r\n'),
    );
  });
}

const REASONS: Readonly<Record<number, string>> = {
  408: 'Request Timeout',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
};

function failureOfParser({ code, message }: NodeJS.ErrnoException): Failure {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Failure('headers_too_large', 'the headers are larger than the 16 KiB that are allowed');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Failure('timeout', 'the request did not arrive in time');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Failure('too_large', 'the chunk extensions are too large');
    default:
      return new Failure('invalid_request', `this is not HTTP as it should be: ${message}`);
  }
}

async function bind(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new OutriderError('listen_failed', `cannot listen on ${urlOf(host, port)}: ${wayOut(code, message, port)}`);
  }
  server.removeAllListeners('error');
}

function wayOut(code: string | undefined, message: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `something else listens there; end it, or take another port with --port ${port < 65_535 ? port + 1 : port - 1} (0: any free one)`;
    case 'EACCES':
      return 'the system does not allow this port; take one above 1023 with --port';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'this is no address of this machine; --host 127.0.0.1 is for programs on it, --host 0.0.0.0 for others too';
    default:
      return message;
  }
}

/** An address that a client on this machine can use: one that stands for all of them is replaced by the loopback. */
function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}
