/** Routes for those who run the server: is it well, what did it do, what can be asked. */
import { z } from 'zod';
import type { ServiceState } from '../engine/service.js';
import type { ServerContext } from './dialect.js';
import { count } from './engine-schemas.js';
import { Failure } from './failure.js';
import type { Route } from './route.js';

/** While the engine comes back, requests wait and are answered: only what cannot be waited for is unhealthy. */
const HEALTHY: ReadonlySet<ServiceState> = new Set<ServiceState>(['ready', 'restarting']);

const healthSchema = z.object({
  status: z.enum(['ok', 'restarting']),
  reason: z.string().optional(),
  restarts: count,
  running: count,
  queued: count,
});
type Health = z.output<typeof healthSchema>;

/** @param document the OpenAPI document of all that is served */
export function operations(server: ServerContext, document: () => object): readonly Route[] {
  return [
    {
      method: 'get',
      paths: ['/health', '/v1/health'],
      summary: 'Whether the server is well.',
      access: 'public',
      answer: { json: healthSchema },
      handle: async (context) => context.json(await health(server)),
    },
    {
      method: 'get',
      paths: ['/metrics'],
      summary: 'Counters for Prometheus.',
      answer: { text: 'text/plain' },
      handle: async (context) => {
        if (!server.settings.metrics) throw new Failure('not_supported', '/metrics is switched off (--no-metrics)');
        return context.body(await server.metrics.text(), 200, {
          'Content-Type': server.metrics.registry.contentType,
          'Process-Start-Time-Unix': String(server.startedAt),
        });
      },
    },
    {
      method: 'get',
      paths: ['/api/outrider/openapi.json'],
      summary: 'This document.',
      answer: { json: z.looseObject({ openapi: z.literal('3.1.0') }) },
      handle: (context) => context.json(document()),
    },
  ];
}

async function health({ service }: ServerContext): Promise<Health> {
  const { state, reason, restarts, running, queued } = await service.status();
  if (!HEALTHY.has(state)) throw new Failure('unavailable', reason ?? `the engine is ${state}`);
  const status = state === 'restarting' ? 'restarting' : 'ok';
  return { status, ...(reason !== undefined && { reason }), restarts, running, queued };
}
