import type { ServerContext, ServerRequest } from '../dialect.js';
import type { ModelName } from '../model-names.js';
import type { Envelope } from './answer.js';

/** The fields that all chunks of an answer share. */
export function envelopeOf(
  context: ServerRequest,
  { version, service, clock }: ServerContext,
  model: ModelName,
  prefix: 'chatcmpl' | 'cmpl',
): Envelope {
  return {
    id: `${prefix}-${context.get('requestId')}`,
    created: Math.floor(clock() / 1000),
    model: model.id,
    // llama-server's begin with b too.
    system_fingerprint: `b-outrider-${version}-llama.cpp-${service.description.llama.version}`,
  };
}
