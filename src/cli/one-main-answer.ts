import type { CompareService } from '../engine/comparison/compare.js';
import type { GenerationEvent } from '../engine/events.js';
import type { Prompt } from '../engine/request.js';

/**
 * A service that remembers what the target last answered alone: compared with several draft models, one after the other, it
 * answers each prompt once. All requests must be alike but for their prompts.
 */
export function withOneMainAnswer(service: CompareService): CompareService {
  let known: { readonly prompt: Prompt; readonly events: readonly GenerationEvent[] } | undefined;
  return {
    description: service.description,
    pieces: (tokens, renderSpecial) => service.pieces(tokens, renderSpecial),
    score: (request, signal) => service.score(request, signal),
    passCosts: () => service.passCosts(),
    async *generate(request, signal) {
      if (request.mode !== 'main') return yield* service.generate(request, signal);
      if (request.prompt === known?.prompt) return yield* known.events;
      const events: GenerationEvent[] = [];
      for await (const event of service.generate(request, signal)) {
        events.push(event);
        yield event;
      }
      known = { prompt: request.prompt, events };
    },
  };
}
