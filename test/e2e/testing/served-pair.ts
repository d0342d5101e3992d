import { pino } from 'pino';
import { Engine, type EngineOptions, type EngineService } from '../../../src/engine/index.js';
import { localService } from '../../../src/engine/service/in-process.js';
import { openBackend } from '../../../src/llama/index.js';
import { DIALECTS } from '../../../src/server/dialects.js';
import { Server } from '../../../src/server/server.js';
import { SERVER_DEFAULTS } from '../../../src/server/settings.js';
import { DRAFT, MAIN, TEST_THREADS } from './pair.js';

export interface ServedPair {
  readonly url: string;
  readonly service: EngineService;
  close(): Promise<void>;
}

/** The embedded pair behind HTTP on a free port, engine and server in this process. */
export async function servePair(changes: Partial<EngineOptions> = {}): Promise<ServedPair> {
  const options: EngineOptions = { target: MAIN, drafts: [DRAFT], contextSize: 512, ...TEST_THREADS, ...changes };
  const server = await Server.open({
    host: '127.0.0.1',
    port: 0,
    settings: { ...SERVER_DEFAULTS, stopMs: 1_000 },
    dialects: DIALECTS,
    version: '1.2.3',
    log: pino({ level: 'silent' }),
    now: () => performance.now(),
    clock: () => Date.now(),
  });
  const backend = await openBackend();
  const service = localService(await Engine.load(backend, options), backend, options);
  server.serve(service);
  return {
    url: server.url,
    service,
    close: async () => {
      await server.stop();
      await service.close();
    },
  };
}
