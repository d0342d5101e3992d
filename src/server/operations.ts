/** Routes for those who run the server: is it well, what did it do. */
import type { ServiceState } from '../engine/service.js';
import type { ServerApp, ServerContext } from './dialect.js';
import { Failure } from './failure.js';

export const HEALTH_PATHS: readonly string[] = ['/health', '/v1/health'];

/** While the engine comes back, requests wait and are answered: only what cannot be waited for is unhealthy. */
const HEALTHY: ReadonlySet<ServiceState> = new Set<ServiceState>(['ready', 'restarting']);

export function mountOperations(app: ServerApp, server: ServerContext): void {
  for (const path of HEALTH_PATHS) {
    app.get(path, async (context) => {
      const { state, reason, restarts, running, queued } = await server.service.status();
      if (!HEALTHY.has(state)) throw new Failure('unavailable', reason ?? `the engine is ${state}`);
      const status = state === 'ready' ? 'ok' : state;
      return context.json({ status, ...(reason !== undefined && { reason }), restarts, running, queued });
    });
  }
  app.get('/metrics', async (context) => {
    if (!server.settings.metrics) throw new Failure('not_supported', '/metrics is switched off (--no-metrics)');
    return context.body(await server.metrics.text(), 200, {
      'Content-Type': server.metrics.registry.contentType,
      'Process-Start-Time-Unix': String(server.startedAt),
    });
  });
}
