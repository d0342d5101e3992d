import type { EngineDescription, ServiceRequest } from '../engine/service.js';
import { Failure } from './failure.js';

type Places = Pick<EngineDescription, 'parallel' | 'queue' | 'drafts'>;

/**
 * Refuses choices that can never be there at once: they would be told that the server is busy, however often they come again.
 * @param requests all choices of all prompts
 * @param n choices of each prompt, which the request asks for with the field `parameter`
 * @throws Failure invalid_request
 */
export function refuseTooManyChoices(
  requests: readonly ServiceRequest[],
  { n, parameter }: { readonly n: number; readonly parameter: string },
  { parallel, queue, drafts }: Places,
): void {
  // Choices of one prompt go one way in mode `auto`, those of several may go to the draft model and to the target.
  const isParted = requests[0]?.mode === 'auto' && drafts.length > 0 && requests.length > n;
  const most = (parallel + queue) * (isParted ? 2 : 1);
  if (requests.length <= most) return;
  const field = n > 1 ? parameter : 'prompt';
  const what = requests.length > n ? 'prompts times choices' : 'choices';
  throw new Failure(
    'invalid_request',
    `${field}: expected at most ${most} ${what}, got ${requests.length}: a model runs ${parallel} at once here and ${queue} may wait; ask for fewer, or start the server with a larger --parallel or --queue`,
    { parameter: field },
  );
}
