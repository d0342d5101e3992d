import { pino } from 'pino';
import type { EngineService } from '../../engine/service.js';
import { Activity } from '../activity.js';
import { createApp, type Dialects } from '../app.js';
import type { ServerApp, ServerContext } from '../dialect.js';
import { Metrics } from '../metrics.js';
import { openai } from '../openai/index.js';
import { Page } from '../page.js';
import { SERVER_DEFAULTS, type ServerSettings } from '../settings.js';
import { FakeService } from './fake-service.js';

export interface TestServer {
  readonly app: ServerApp;
  readonly context: ServerContext;
  readonly service: FakeService;
  /** Lines of the log, parsed. */
  readonly logged: Record<string, unknown>[];
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** `body` is sent as it is if it is a string, else as JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface TestServerOptions {
  readonly service?: FakeService;
  readonly dialects?: Dialects;
  readonly settings?: Partial<ServerSettings>;
  readonly page?: Page;
}

/** An application without a socket, on a fake engine. */
export function testServer({
  service = new FakeService(),
  dialects = [openai],
  settings = {},
  page = new Page(),
}: TestServerOptions = {}): TestServer {
  const logged: Record<string, unknown>[] = [];
  const context = testContext(service, settings, (line) => void logged.push(JSON.parse(line)));
  const app = createApp(context, dialects, page);
  return {
    app,
    context,
    service,
    logged,
    get: async (path, headers = {}) => app.request(path, { headers: { host: 'localhost', ...headers } }),
    post: async (path, body, headers = {}) =>
      app.request(path, {
        method: 'POST',
        headers: { host: 'localhost', 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

/** What an application needs, around any engine; lines of the log go to `write`. */
export function testContext(
  service: EngineService,
  settings: Partial<ServerSettings>,
  write: (line: string) => void = () => {},
): ServerContext {
  const now = () => performance.now();
  const activity = new Activity(service, now);
  const metrics = new Metrics(service, now);
  activity.listen(metrics);
  return {
    service,
    activity,
    metrics,
    settings: { ...SERVER_DEFAULTS, ...settings },
    startedAt: 1_700_000_000,
    version: '1.2.3',
    log: pino({ level: 'debug' }, { write }),
    now,
    clock: () => 1_700_000_123_456,
  };
}

/** The data of a stream's events; `[DONE]` stays a string. Comments are left out. */
export async function eventsOf(response: Response): Promise<unknown[]> {
  const text = await response.text();
  return text
    .split('\n\n')
    .flatMap((event) => event.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line) => line.slice('data: '.length))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)));
}
