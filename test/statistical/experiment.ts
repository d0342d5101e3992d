import {
  ALONE,
  always,
  Cascade,
  confidenceCut,
  type Drafter,
  fixedLength,
  generate,
  Knowledge,
  type LengthPolicy,
  LookupDrafter,
  ModelDrafter,
  type Noise,
  PredictionDrafter,
  type Proposer,
  positionNoise,
  type Random,
  type Round,
  type Sampler,
  type Sequence,
  SingleProposer,
  sequentialRandom,
  TextBooks,
  type Token,
  type Verification,
  WrittenProposer,
} from '../../src/speculative/index.js';
import { chiSquareDeviate, tally } from '../../src/speculative/testing/chi-square.js';
import { JunkDrafter } from '../../src/speculative/testing/junk-drafter.js';
import { UNTIMED } from '../../src/speculative/testing/rounds.js';
import { SoftmaxSampler } from '../../src/speculative/testing/softmax-sampler.js';
import { tabularModel } from '../../src/speculative/testing/tabular-model.js';
import { TabularSequence } from '../../src/speculative/testing/tabular-sequence.js';
import { TextDrafter } from '../../src/speculative/testing/text-drafter.js';
import { integrateCoins } from './coins.js';
import { textLaw, totalVariation, type Writer } from './text-law.js';

/** The law of so many first tokens is compared. */
const COMPARED = 3;

const models = (seed: number) => ({
  2: tabularModel({ vocabulary: 2, seed, spread: 4 }),
  3: tabularModel({ vocabulary: 3, seed, spread: 2.5 }),
});
const targetModels = models(5);
const otherModels = models(6);

const penalised = { temperature: 0.8, penalty: 1.5 };

export const WRITERS = {
  plain: { model: targetModels[3], sampling: {}, prompt: [1, 0] },
  penalised: { model: targetModels[3], sampling: penalised, prompt: [1, 0] },
  binary: { model: targetModels[2], sampling: penalised, prompt: [1, 0] },
} satisfies Record<string, Writer>;

/** What a drafter or a policy may be made of: all that belongs to one text. */
export interface Ingredients {
  readonly writer: Writer;
  readonly noise: Noise;
  readonly random: Random;
}

/** A drafter and a way to look over its shoulder: the token that it drafted last. */
export interface Overlooked {
  readonly drafter: Drafter;
  readonly last: () => Token | undefined;
}

function modelDrafter(
  { model, sampling }: Writer,
  { noise, random }: Ingredients,
  proposer: Proposer | undefined = undefined,
): Overlooked {
  const sampler = new SoftmaxSampler(sampling);
  const sequence = new TabularSequence(model);
  const parts = { sequence, sampler, noise, random, proposer };
  const drafter = new ModelDrafter({ name: 'draft', ...parts, isEnd: () => false, ...UNTIMED });
  return { drafter, last: () => sampler.history.at(-1) };
}

export const DRAFTERS = {
  'a different model': (of) => {
    const model = otherModels[of.writer.model.vocabulary as 2 | 3];
    return modelDrafter({ ...of.writer, model, sampling: { temperature: 1.3, topK: 2 } }, of);
  },
  'the same model': (of) => modelDrafter(of.writer, of),
  'a model that lookup and another draft for': (of) => {
    const model = otherModels[of.writer.model.vocabulary as 2 | 3];
    const other = { ...of.writer, model };
    const helpers = [new LookupDrafter(), modelDrafter(of.writer, of).drafter];
    return modelDrafter(other, of, cascadeOf(helpers));
  },
  junk: ({ writer, random }) => {
    const drafter = new JunkDrafter(writer.model.vocabulary, random);
    return { drafter, last: () => drafter.tokens.at(-1) };
  },
  'a given text': ({ writer }) => {
    const text = Array.from({ length: 32 }, (_, i) => (i * i) % writer.model.vocabulary);
    return { drafter: new TextDrafter(text), last: () => undefined };
  },
} satisfies Record<string, (of: Ingredients) => Overlooked>;

export type DrafterKind = keyof typeof DRAFTERS;
export type PolicyOf = (overlooked: Overlooked) => Proposer;

export const byLength =
  (lengthOf: (last: () => Token | undefined) => LengthPolicy): PolicyOf =>
  ({ drafter, last }) =>
    new SingleProposer(drafter, lengthOf(last));

export const POLICIES: Record<string, PolicyOf> = {
  'fixed 0': byLength(() => fixedLength(0)),
  'fixed 1': byLength(() => fixedLength(1)),
  'fixed 3': byLength(() => fixedLength(3)),
  'fixed 8': byLength(() => fixedLength(8)),
  'confidence 0.4': byLength(() => confidenceCut({ min: 0, max: 8, minConfidence: 0.4 })),
  'confidence 0.6, at least 1': byLength(() => confidenceCut({ min: 1, max: 4, minConfidence: 0.6 })),
  'confidence 0.9, at least 2': byLength(() => confidenceCut({ min: 2, max: 8, minConfidence: 0.9 })),
  adaptive: ({ drafter }) => cascadeOf([drafter]),
  cascade: ({ drafter }) => cascadeOf([new LookupDrafter(), new PredictionDrafter([1, 0, 1, 1], 2), drafter]),
  'written before': ({ drafter }) => {
    const written = { tokens: [1, 0, 1, 1, 0, 0], confidences: [1, 1, 1, 1, 1, 1] };
    return new WrittenProposer({ written, start: 2, next: cascadeOf([drafter]), max: 4, onJudged: () => {} });
  },
  nasty: byLength(nastyPolicy),
};

function cascadeOf(drafters: readonly Drafter[]): Proposer {
  const knowledge = warmKnowledge();
  return new Cascade({
    drafters,
    books: new TextBooks({ knowledge, kind: 'test', max: 8 }),
    isEnd: () => false,
    company: ALONE,
  });
}

/** A curve on which now one row and now eight are worth their price. */
function warmKnowledge(): Knowledge {
  const points = [1, 2, 4, 8].map((rows) => ({ rows, ms: 1 + 0.12 * rows }));
  return new Knowledge({ costs: { points, levels: [1] } });
}

/** Uses all the freedom that the contract leaves: the drafted tokens, the peak, what was accepted before. */
function nastyPolicy(last: () => Token | undefined): LengthPolicy {
  let most = 2;
  return {
    name: 'nasty',
    begin: ({ room }) => {
      let drafted = 0;
      return {
        wants: ({ length: count }) => {
          drafted = count;
          return count < Math.min(room, most) && (count === 0 || last() !== 1);
        },
        admits: (peak) => (drafted === 0 ? peak > 0.45 : peak < 0.8),
        keep: (confidences) => confidences.filter((confidence) => confidence > 0.3).length,
      };
    },
    observe: ({ accepted, tokens }) => {
      most = 1 + accepted + tokens.at(-1)!;
    },
  };
}

export interface Experiment {
  /** Those that keep the target's law. */
  readonly rule: Exclude<Verification['rule'], 'lenient'>;
  readonly writer: Writer;
  readonly drafter: (of: Ingredients) => Overlooked;
  readonly policy: PolicyOf;
  /** What stands between the loop and the target's timeline, and its sampler: nothing but in mutants. */
  readonly tamper?: { readonly target?: (of: Sequence) => Sequence; readonly sampler?: (of: Sampler) => Sampler };
}

export interface Lengths {
  /** So many first tokens of a text are looked at. */
  readonly shown: number;
  /** The token limit that the loop is given: the longer, the longer the drafts that are asked for. */
  readonly limit: number;
}

/** The first tokens of one text, and the rounds that they came from. */
export async function writeText(
  experiment: Experiment,
  noise: Noise,
  random: Random,
  { shown, limit }: Lengths,
): Promise<{ text: Token[]; rounds: Round[] }> {
  const { rule, writer, tamper } = experiment;
  const context = [...writer.prompt];
  const target = new TabularSequence(writer.model);
  const sampler = new SoftmaxSampler({ ...writer.sampling, history: context });
  const generation = generate({
    target: tamper?.target?.(target) ?? target,
    sampler: tamper?.sampler?.(sampler) ?? sampler,
    context,
    proposer: experiment.policy(experiment.drafter({ writer, noise, random })),
    rules: always(rule === 'match' ? { rule, noise } : { rule, random }),
    maxTokens: limit,
    maxDraft: 16,
    isEnd: () => false,
    now: () => 0,
  });
  const rounds: Round[] = [];
  for await (const round of generation) {
    rounds.push(round);
    if (context.length >= writer.prompt.length + shown) break;
  }
  return { text: context.slice(writer.prompt.length, writer.prompt.length + shown), rounds };
}

/**
 * How far the law of many texts is from the target's own, in standard deviations. Every text has its own seed; where a
 * rule draws by coins they go on from text to text.
 */
export async function lawDeviate(experiment: Experiment, texts: number): Promise<number> {
  const random = sequentialRandom(9);
  const written: string[] = [];
  for (let seed = 0; seed < texts; seed++) {
    const { text } = await writeText(experiment, positionNoise(seed), random, { shown: COMPARED, limit: 12 });
    written.push(text.join(' '));
  }
  return chiSquareDeviate(tally(written), textLaw(experiment.writer, COMPARED));
}

/**
 * The total variation distance between the law of the text and the target's own, for rules and drafters that draw by
 * coins: over all values of all coins that the drafter and the rule toss. The number of cases bounds the drafts to two.
 */
export async function lawDistance(experiment: Experiment): Promise<number> {
  const noise = positionNoise(0);
  const outcomes = await integrateCoins(async (random) => {
    const { text, rounds } = await writeText(experiment, noise, random, { shown: COMPARED, limit: COMPARED + 1 });
    const drafts = rounds.map(({ draft, accepted }) => `${draft.tokens.join(' ')} > ${accepted}`);
    return [text.join(' '), ...drafts].join(' | ');
  });
  const texts = new Map<string, number>();
  for (const [outcome, mass] of outcomes) {
    const [text] = outcome.split(' | ') as [string];
    texts.set(text, (texts.get(text) ?? 0) + mass);
  }
  return totalVariation(texts, textLaw(experiment.writer, COMPARED));
}
