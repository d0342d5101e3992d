import { contenders, draftDrawing, NO_NOISE } from '../engine/draft-drawing.js';
import type { Engine, GenerationRequest, LoadedDraft } from '../engine/index.js';
import {
  recommendedSampling,
  resolveSampling,
  SAMPLING_DEFAULTS,
  SamplerChain,
  type SamplingOptions,
} from '../sampling/index.js';
import {
  ALONE,
  ModelDrafter,
  type Noise,
  positionNoise,
  type Sampler,
  type Sequence,
  sequentialRandom,
  type Token,
} from '../speculative/index.js';

/** How a draft model draws its tokens. */
export interface Drawing {
  /** For a timeline whose history is the given tokens. */
  sampler(history: readonly Token[]): Sampler;
  readonly noise: Noise;
}

/** How the target samples for a request. */
export function samplingOf({ models: { target } }: Engine, request: GenerationRequest): SamplingOptions {
  return resolveSampling(request.sampling ?? {}, recommendedSampling(target.model.metadata));
}

/** As the engine has it drawn: with the target's own transforms and noise. `seed` is the request's. */
export function sharedDrawing(engine: Engine, request: GenerationRequest, seed: number): Drawing {
  const { target } = engine.models;
  const sampling = samplingOf(engine, request);
  const { sampling: options, noise } = draftDrawing(sampling, 'match', positionNoise(seed));
  const banned = request.ignoreEndOfText ? target.ends : [];
  const breakers = options.dryMultiplier > 0 ? target.breakers.spellings(options.drySequenceBreakers) : [];
  const vocabularySize = target.model.vocabulary.size;
  return {
    noise,
    sampler: (history) => new SamplerChain({ options, vocabularySize, noise, banned, breakers, history }),
  };
}

/**
 * As llama.cpp's `draft-simple` has it drawn, whatever the request samples with: the likeliest token each time, its
 * confidence the softmax over the ten likeliest (common/speculative.cpp of v0.5.0).
 */
export function greedyDrawing({ models: { target } }: Engine): Drawing {
  const options = contenders(SAMPLING_DEFAULTS);
  const vocabularySize = target.model.vocabulary.size;
  return {
    noise: NO_NOISE,
    sampler: (history) => new SamplerChain({ options, vocabularySize, noise: NO_NOISE, history }),
  };
}

export interface ModelDrafterPlan {
  readonly engine: Engine;
  readonly draft: LoadedDraft;
  readonly drawing: Drawing;
  readonly prompt: readonly Token[];
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** A draft model for one request, to be given as its `drafter`; close it when the request is over. */
export function openModelDrafter({ engine, draft, drawing, prompt, now }: ModelDrafterPlan): ModelDrafter {
  return new ModelDrafter({
    name: draft.name,
    sequence: openSequence(engine, draft),
    sampler: drawing.sampler(prompt),
    noise: drawing.noise,
    random: sequentialRandom(1),
    isEnd: (token) => engine.models.target.ends.has(token),
    costs: engine.models.learnt.knowledge.draftCostsOf(draft.name)!,
    company: ALONE,
    now,
  });
}

/** An empty timeline of the draft model in the target's token ids. */
export function openSequence({ models: { contextSize } }: Engine, draft: LoadedDraft): Sequence {
  return draft.translate(draft.batcher.open({ capacity: contextSize, promptLength: 0 }));
}
