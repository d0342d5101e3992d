/** Joins the dialects to one application: who may ask, who words what goes wrong, what is logged. */
import { randomUUID } from 'node:crypto';
import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { logAccess } from './access-log.js';
import { hasKey } from './auth.js';
import { corsHeaders, preflightHeaders } from './cors.js';
import type { Dialect, ServerApp, ServerContext, ServerEnvironment, ServerRequest } from './dialect.js';
import { Failure, failureOf } from './failure.js';
import { hostName, isAllowedHost } from './hosts.js';
import { openApi, type Served } from './openapi.js';
import { operations } from './operations.js';
import { Page } from './page.js';
import { mountRoutes } from './route.js';
import { routingPath } from './routing-path.js';
import type { ServerSettings } from './settings.js';

/** The application that `listen` serves. */
export function createApp(server: ServerContext, dialects: Dialects, page: Page = new Page()): ServerApp {
  const app: ServerApp = new Hono<ServerEnvironment>({ getPath: routingPath(dialects) });
  const served = servedBy(dialects, server);
  const respond = (context: ServerRequest, failure: Failure): Response => encode(dialects, context, failure);

  app.use('*', endUnread);
  app.use('*', identify(server));
  app.use('*', shareWithPages(server.settings));
  app.use('*', guard(server, page, publicPaths(served)));
  page.mount(app);
  for (const { routes } of served) mountRoutes(app, routes);
  for (const path of dialects.flatMap(({ absent }) => absent)) {
    app.post(path, () => {
      throw new Failure('not_supported', `this server has no ${path}`);
    });
  }

  app.onError((error, context) => {
    const failure = failureOf(error);
    const { cause } = failure.details;
    if (failure.kind === 'internal')
      server.log.error({ requestId: context.get('requestId'), err: cause ?? failure }, failure.message);
    return respond(context, failure);
  });
  app.notFound((context) => respond(context, unknownRoute(app, context)));
  return app;
}

/** What the dialects serve, and the routes that are nobody's, which the last dialect words. */
function servedBy(dialects: Dialects, server: ServerContext): readonly Served[] {
  const served: Served[] = dialects.map((dialect) => ({ routes: dialect.routes(server), errors: dialect.errors }));
  let document: object | undefined;
  const routes = operations(server, () => (document ??= openApi(server.version, served)));
  served.push({ routes, errors: dialects.at(-1)!.errors });
  return served;
}

/**
 * Answers while the models are being loaded: the page, which waits for the rest, and all else in a moment.
 * @param trouble why they are loaded once more, where they are
 */
export function createLoadingApp(
  settings: ServerSettings,
  dialects: Dialects,
  page: Page = new Page(),
  trouble: () => string | undefined = () => undefined,
): ServerApp {
  const app: ServerApp = new Hono<ServerEnvironment>({ getPath: routingPath(dialects) });
  app.use('*', endUnread);
  app.use('*', shareWithPages(settings));
  page.mount(app);
  app.all('*', () => {
    const why = trouble();
    const message = `the models are being loaded${why === undefined ? '' : ` again: ${why}`}`;
    throw new Failure('unavailable', message, { headers: { 'Retry-After': '1' } });
  });
  app.onError((error, context) => encode(dialects, context, failureOf(error)));
  return app;
}

/** The error body of the dialect that the path belongs to. */
function encode(dialects: Dialects, context: ServerRequest, failure: Failure): Response {
  const dialect = dialects.find((candidate) => candidate.owns(context.req.path)) ?? dialects.at(-1)!;
  const { status, body } = dialect.encodeFailure(failure);
  return context.json(body as object, status as ContentfulStatusCode, { ...failure.details.headers });
}

/** The last one words what belongs to none of them. */
export type Dialects = readonly [...Dialect[], Dialect];

type Middleware = (context: ServerRequest, next: () => Promise<void>) => Promise<void>;

/** What is left of a refused body is not waited for: a client has to know that its connection ends, before it asks again. */
const endUnread: Middleware = async (context, next) => {
  await next();
  const incoming = context.env?.incoming;
  if (context.res.status < 400 || incoming === undefined) return;
  // A short body that came with the headers is there in a moment.
  if (!incoming.complete) await turnOfTheEventLoop();
  if (!incoming.complete) context.res.headers.set('Connection', 'close');
};

/** Names the request in answer and log. */
function identify({ log, now }: ServerContext): Middleware {
  return async (context, next) => {
    const requestId = randomUUID();
    context.set('requestId', requestId);
    const finished = logAccess(context, log, now);
    await next();
    context.res.headers.set('X-Request-Id', requestId);
    if (!context.res.headers.has('Cache-Control')) context.res.headers.set('Cache-Control', 'no-store');
    finished();
  };
}

function shareWithPages({ corsOrigins }: Pick<ServerSettings, 'corsOrigins'>): Middleware {
  return async (context, next) => {
    const headers = corsHeaders(corsOrigins, context.req.header('origin'));
    if (context.req.method === 'OPTIONS')
      context.res = context.body(null, 200, preflightHeaders(context.req.raw.headers));
    else await next();
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
  };
}

/** Lets in who asks by a name of this server and with a key where one is needed. */
function guard({ settings }: ServerContext, page: Page, open: ReadonlySet<string>): Middleware {
  return async (context, next) => {
    const host = context.req.header('host');
    if (!isAllowedHost(host, settings.allowedHosts)) {
      throw new Failure(
        'forbidden',
        `this server is not called '${hostName(host!)}'; --allowed-host ${hostName(host!)} lets that name in`,
      );
    }
    const authorised = hasKey(context.req.raw.headers, settings.apiKeys);
    context.set('authorised', authorised);
    const { method, path } = context.req;
    const isOpen = page.isPublic(method, path) || (READS.has(method) && open.has(path));
    if (!authorised && !isOpen) {
      throw new Failure('unauthorized', 'expected an API key: Authorization: Bearer <key>, or X-Api-Key: <key>', {
        headers: { 'WWW-Authenticate': 'Bearer' },
      });
    }
    await next();
  };
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Of routes that only inform. */
function publicPaths(served: readonly Served[]): ReadonlySet<string> {
  const routes = served.flatMap(({ routes }) => routes);
  return new Set(routes.filter(({ access }) => access === 'public').flatMap(({ paths }) => paths));
}

const METHODS = ['GET', 'POST', 'DELETE'] as const;

/** Whether the path exists under another method, or not at all. */
function unknownRoute(app: ServerApp, { req: { method, path } }: ServerRequest): Failure {
  // What matches a method that nobody registers are the layers around the routes.
  const layers = app.router.match('NONE', path)[0].length;
  const allowed = METHODS.filter((other) => app.router.match(other, path)[0].length > layers);
  if (allowed.length === 0) return new Failure('not_found', `there is no ${method} ${path}`);
  const allow = allowed.join(', ');
  return new Failure('method_not_allowed', `${path}: expected ${allow}, got ${method}`, { headers: { Allow: allow } });
}
