/**
 * Whether speculation writes what plain decoding writes: the same request in mode `main` and in mode `speculative`, and
 * where two texts part, how near the two tokens were. Without `--strict` rows of a batch differ from single rows in the
 * last bits (kernels.md 3), so texts may part at a near-tie; with it they may not part at all.
 */
import type { Engine, FinishEvent, GenerationRequest } from '../engine/index.js';
import { commonLength, positionNoise, type Token } from '../speculative/index.js';

/** Two texts that parted. */
export interface Parting {
  /** Generated tokens that both have in common. */
  readonly after: number;
  readonly main: Token | undefined;
  readonly speculative: Token | undefined;
  /**
   * How far apart the two tokens are in what decides between them: logits at temperature 0, else logits over temperature
   * plus Gumbel noise. `undefined` where one text only ended earlier.
   */
  readonly margin: number | undefined;
  /** The same distance as a share of the standard deviation of all logits of that position. */
  readonly relativeMargin: number | undefined;
}

export interface Comparison {
  readonly request: GenerationRequest;
  readonly seed: number;
  readonly tokens: number;
  readonly main: FinishEvent;
  readonly speculative: FinishEvent;
  readonly parting: Parting | undefined;
}

/** Runs a request in both modes with one seed: that of the request, or the one that the speculative run drew. */
export async function compareModes(engine: Engine, request: GenerationRequest): Promise<Comparison> {
  const speculative = await finishOf(engine, { ...request, mode: 'speculative' });
  const main = await finishOf(engine, { ...request, mode: 'main', seed: speculative.seed });
  const after = commonLength(main.finish.tokens, speculative.finish.tokens);
  const parted = after < Math.max(main.finish.tokens.length, speculative.finish.tokens.length);
  return {
    request,
    seed: speculative.seed,
    tokens: main.finish.tokens.length,
    main: main.finish,
    speculative: speculative.finish,
    parting: parted ? await partingOf(engine, request, main, speculative.finish, after) : undefined,
  };
}

interface Finished {
  readonly seed: number;
  readonly finish: FinishEvent;
}

/** The last event of a request; an error event is thrown. */
export async function finishOf(engine: Engine, request: GenerationRequest): Promise<Finished> {
  let seed = Number.NaN;
  for await (const event of engine.generate({ ...request, cachePrompt: false })) {
    if (event.type === 'start') seed = event.seed;
    if (event.type === 'error') throw event.error;
    if (event.type === 'finish') return { seed, finish: event };
  }
  throw new Error('the events ended without a finish');
}

/** Evaluates the common text once more and measures the two candidates by what decided between them. */
async function partingOf(
  engine: Engine,
  request: GenerationRequest,
  main: Finished,
  speculative: FinishEvent,
  after: number,
): Promise<Parting> {
  const [a, b] = [main.finish.tokens[after], speculative.tokens[after]];
  const parting = { after, main: a, speculative: b };
  if (a === undefined || b === undefined) return { ...parting, margin: undefined, relativeMargin: undefined };
  const context = [...engine.tokenize(request.prompt).tokens, ...main.finish.tokens.slice(0, after)];
  const { batcher } = engine.models.target;
  const sequence = batcher.open({ capacity: engine.models.contextSize, promptLength: context.length });
  try {
    const temperature = request.sampling?.temperature ?? 0.8;
    const noise = positionNoise(main.seed);
    return await sequence.evaluate(context, 1, ([row]) => {
      const score = (token: Token): number =>
        temperature > 0
          ? row![token]! / temperature - Math.log(noise.exponential(context.length, token))
          : row![token]!;
      const margin = Math.abs(score(a) - score(b));
      return { ...parting, margin, relativeMargin: margin / deviation(row!) };
    });
  } finally {
    sequence.close();
  }
}

function deviation(row: Float32Array): number {
  let sum = 0;
  let squares = 0;
  for (const logit of row) {
    sum += logit;
    squares += logit * logit;
  }
  const mean = sum / row.length;
  return Math.sqrt(squares / row.length - mean * mean);
}
