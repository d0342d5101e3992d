import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { EngineService } from '../engine/service.js';
import type { Activity } from './activity.js';
import type { Failure } from './failure.js';
import type { Metrics } from './metrics.js';
import type { Route } from './route.js';
import type { ServerSettings } from './settings.js';

/**
 * A family of routes with its own shapes and error bodies. A dialect reads requests into ServiceRequests and folds events
 * into answers; it knows nothing of other dialects.
 */
export interface Dialect {
  readonly name: string;
  /** Whether this dialect words what goes wrong at `path`, an unknown route included. The first that says yes does. */
  owns(path: string): boolean;
  /** Its own path at the end of one that clients reach it by, where they may put anything before it; else the path itself. */
  withoutPrefix?(path: string): string;
  /** What it serves on this server; asked for once, since routes may share what they remember. */
  routes(server: ServerContext): readonly Route[];
  /** Whole endpoints that clients of this dialect post to and this server does not have: 501, which says more than 404. */
  readonly absent: readonly string[];
  encodeFailure(failure: Failure): EncodedFailure;
  /** Of the bodies that `encodeFailure` makes. */
  readonly errors: z.ZodType;
}

export interface EncodedFailure {
  readonly status: number;
  readonly body: unknown;
}

export type ServerApp = Hono<ServerEnvironment>;
export type ServerRequest = Context<ServerEnvironment>;

/** Of hono: what a handler finds in its context. `incoming` and `outgoing` are missing in tests without a socket. */
export interface ServerEnvironment {
  Bindings: Partial<HttpBindings>;
  Variables: {
    /** Also the `X-Request-Id` of the answer. */
    requestId: string;
    /** A right key was given, or none is needed. */
    authorised: boolean;
  };
}

/** What the dialects share. */
export interface ServerContext {
  readonly service: EngineService;
  /** Runs requests; log, metrics and live views hear of all. Dialects never call `service.generate` themselves. */
  readonly activity: Activity;
  readonly metrics: Metrics;
  readonly settings: ServerSettings;
  /** When this process started, in seconds since 1970. */
  readonly startedAt: number;
  /** Outrider's own version. */
  readonly version: string;
  readonly log: Logger;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}
