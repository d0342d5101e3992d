import type { z } from 'zod';
import type { ServerApp, ServerRequest } from './dialect.js';

/** A route as it is served, and as the OpenAPI document tells of it. */
export interface Route {
  readonly method: 'get' | 'post';
  /** As hono matches them (`:id` is a parameter); several are names of one thing. */
  readonly paths: readonly [string, ...string[]];
  readonly summary: string;
  /** Without a key, too. */
  readonly access?: 'public';
  /** What the body is read with. */
  readonly body?: z.ZodType;
  readonly answer: Answer;
  handle(context: ServerRequest): Response | Promise<Response>;
}

/** What comes with status 200: one of these, or whichever the request asks for. */
export interface Answer {
  readonly json?: z.ZodType;
  /** Of the data of each server-sent event. */
  readonly events?: z.ZodType;
  /** The content type of an answer that is text. */
  readonly text?: string;
}

export function mountRoutes(app: ServerApp, routes: readonly Route[]): void {
  for (const { method, paths, handle } of routes) for (const path of paths) app.on(method, path, handle);
}
