import { pino } from 'pino';
import { afterEach } from 'vitest';
import { DIALECTS } from '../../src/server/dialects.js';
import { Server } from '../../src/server/server.js';
import { SERVER_DEFAULTS, type ServerSettings } from '../../src/server/settings.js';
import { FakeService } from '../../src/server/testing/fake-service.js';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** A server on a free port in front of a fake engine; it ends with the test. Gives the base URL of OpenAI clients. */
export async function served(service = new FakeService(), settings: Partial<ServerSettings> = {}): Promise<string> {
  const server = await Server.open({
    host: '127.0.0.1',
    port: 0,
    settings: { ...SERVER_DEFAULTS, stopMs: 100, ...settings },
    dialects: DIALECTS,
    version: '1.2.3',
    log: pino({ level: 'silent' }),
    now: () => performance.now(),
    clock: () => Date.now(),
  });
  servers.push(server);
  server.serve(service);
  return `${server.url}/v1`;
}

/** Nothing for a while before each round, so that heartbeats come between the events. */
export function pause(ms: number): () => Promise<void> {
  return () => new Promise((resolve) => setTimeout(resolve, ms));
}
