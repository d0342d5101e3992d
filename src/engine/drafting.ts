/** Who drafts for a request, and by which rule its drafts are judged. */
import { SamplerChain, takesLikeliest } from '../sampling/index.js';
import {
  always,
  Cascade,
  type Company,
  confidenceCut,
  type Drafter,
  drawShared,
  headOf,
  type LengthPolicy,
  LookupDrafter,
  likeliestOf,
  MeasuredRule,
  ModelDrafter,
  type Noise,
  PredictionDrafter,
  type Proposer,
  type Random,
  type RuleChoice,
  SingleProposer,
  sequentialRandom,
  type TargetDraw,
  type Verification,
} from '../speculative/index.js';
import type { CachedSequence } from './cached-sequence.js';
import { draftDrawing } from './draft-drawing.js';
import type { DraftingBooks } from './drafting-books.js';
import type { LoadedDraft, LoadedModels } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import type { Plan } from './prepare.js';

export interface Drafting {
  readonly plan: Plan;
  readonly models: LoadedModels;
  /** The request's own, of the model that writes. */
  readonly target: CachedSequence;
  readonly books: DraftingBooks;
  readonly noise: Noise;
  /** What drafts are drawn with where noise is not shared: one stream, so that no draw ever comes again. */
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** Hears of every sequence that is opened for a draft model. */
  readonly onOpen: (draft: DraftSequence) => void;
}

/** What a request has in the cache of a draft model. */
export interface DraftSequence {
  readonly model: string;
  readonly sequence: CachedSequence;
}

/** `undefined` where nothing is going to be drafted. The loop's owner closes it. */
export function proposerFor(drafting: Drafting): Proposer | undefined {
  const { plan, target } = drafting;
  if (plan.draft.max === 0) return undefined;
  // A drafter from outside may take as long as it likes: nobody waits for it.
  if (plan.drafter !== undefined) return proposerOf(drafting, [fromOutside(plan.drafter, plan)]);
  const proposer = proposerOf(drafting, undefined);
  return proposer && announcing(proposer, target);
}

/** @param brought in place of the engine's own drafters */
function proposerOf(drafting: Drafting, brought: readonly Drafter[] | undefined): Proposer | undefined {
  const { plan, models, target } = drafting;
  const single = lengthOf(plan);
  if (single !== undefined) {
    const drafter = brought?.[0] ?? singleDrafter(drafting);
    return drafter && new SingleProposer(drafter, single);
  }
  const drafters = brought ?? allDrafters(drafting);
  if (drafters.length === 0) return undefined;
  const books = drafting.books.of(models.learnt.knowledge);
  return new Cascade({ drafters, books, isEnd: isEndOf(plan), company: companyOf(plan.writer, target) });
}

function companyOf({ batcher }: LoadedModel, sequence: CachedSequence): Company {
  return { expected: () => batcher.othersOf(sequence), inLastPass: () => sequence.lastCompanions };
}

/** While it drafts for a sequence, the passes of others wait for that one. */
function announcing(proposer: Proposer, target: CachedSequence): Proposer {
  return {
    propose: (request) => {
      target.announce();
      return proposer.propose(request);
    },
    observe: (outcome) => proposer.observe(outcome),
    close: () => proposer.close(),
  };
}

/** `auto` chooses between `match` and `block`; the other rules stand. Leniency has a rule of its own. */
export function rulesFor({ verification, seed, draft, leniency, sampling }: Plan, noise: Noise): RuleChoice {
  if (leniency > 0) {
    const byNoise: TargetDraw = (law, position) => drawShared(law, noise, position);
    return always({ rule: 'lenient', leniency, draw: takesLikeliest(sampling) ? likeliestOf : byNoise });
  }
  const by = (rule: 'match' | 'rejection' | 'block'): Verification =>
    rule === 'match' ? { rule, noise } : { rule, random: sequentialRandom(seed) };
  return verification === 'auto' ? new MeasuredRule(by('match'), by('block'), draft.max) : always(by(verification));
}

/**
 * The sampler by which drafts are judged. What is typical of a target that is certain at temperature 0 its law at 1 says,
 * whose likeliest token is the same.
 */
export function judgeOf(plan: Plan, noise: Noise): SamplerChain {
  const { sampling, leniency } = plan;
  if (leniency === 0 || !takesLikeliest(sampling)) return samplerOf(plan, noise);
  return samplerOf({ ...plan, sampling: { ...sampling, temperature: 1, mirostat: 'off' } }, noise);
}

export function samplerOf({ sampling, promptTokens, writer, banned, breakers }: Plan, noise: Noise): SamplerChain {
  return new SamplerChain({
    options: sampling,
    vocabularySize: writer.model.vocabulary.size,
    noise,
    banned,
    history: promptTokens,
    breakers,
  });
}

/** A request that says how drafts are cut has one drafter, and no economy. */
function lengthOf({ length, draft: { max, ...rule } }: Plan): LengthPolicy | undefined {
  if (length !== undefined) return length;
  return rule.by === 'confidence' ? confidenceCut({ max, ...rule }) : undefined;
}

function singleDrafter(drafting: Drafting): Drafter | undefined {
  const { plan, models } = drafting;
  const [largest] = models.drafts;
  if (largest !== undefined && plan.drafters.includes('model')) return modelDrafter(drafting, largest);
  return givenText(drafting)[0] ?? (plan.drafters.includes('lookup') ? new LookupDrafter() : undefined);
}

function allDrafters(drafting: Drafting): Drafter[] {
  const { plan, models } = drafting;
  const lookup = plan.drafters.includes('lookup') ? [new LookupDrafter()] : [];
  const drafts = plan.drafters.includes('model') ? models.drafts : [];
  return [...givenText(drafting), ...lookup, ...drafts.map((_, i) => helpedDrafter(drafting, drafts.slice(i), lookup))];
}

/** A draft model, for which lookup and the next smaller model draft, which again ... (algorithms.md 5: vertical). */
function helpedDrafter(drafting: Drafting, drafts: readonly LoadedDraft[], lookup: readonly Drafter[]): Drafter {
  const [draft, ...smaller] = drafts;
  const helpers = [...lookup.map(borrowed), ...(smaller.length > 0 ? [helpedDrafter(drafting, smaller, lookup)] : [])];
  if (helpers.length === 0) return modelDrafter(drafting, draft!);
  const { plan, books, models } = drafting;
  const knowledge = models.learnt.knowledge.within(draft!.name);
  return modelDrafter(drafting, draft!, (company) => {
    const parts = { drafters: helpers, books: books.of(knowledge), isEnd: isEndOf(plan) };
    return new Cascade({ ...parts, company: helperCompany(company) });
  });
}

/**
 * As those see it that draft for a draft model, which tells them what its passes take without the wait: hints make nobody
 * wait. Where others have more than a row each they catch up with their texts, which is no loss by anybody's hints.
 */
function helperCompany({ expected, inLastPass }: Company): Company {
  return {
    expected: () => {
      const { requests } = expected();
      return { requests, rows: requests };
    },
    inLastPass: () => {
      const { rows, promptRows } = inLastPass();
      return { requests: rows, rows, promptRows, waitedMs: 0 };
    },
  };
}

function isEndOf({ writer }: Plan): (token: number) => boolean {
  return (token) => writer.ends.has(token);
}

/** How confidence turns into acceptance differs between greedy, cool and hot drawing, and with leniency (in tenths). */
export function kindOf({ sampling, leniency }: Pick<Plan, 'sampling' | 'leniency'>): string {
  const warmth = `warmth ${Math.min(2, Math.ceil(sampling.temperature / 0.6))}`;
  return leniency === 0 ? warmth : `${warmth} leniency ${Math.ceil(10 * leniency) / 10}`;
}

function givenText({ plan: { prediction, promptTokens, drafters } }: Drafting): Drafter[] {
  const given = prediction.length > 0 && drafters.includes('prediction');
  return given ? [new PredictionDrafter(prediction, promptTokens.length)] : [];
}

function modelDrafter(
  { plan, models, noise, random, signal, now, onOpen }: Drafting,
  draft: LoadedDraft,
  helperOf?: (company: Company) => Proposer,
): Drafter {
  const drawing = draftDrawing(plan.sampling, plan.verification, noise);
  const sampler = samplerOf({ ...plan, sampling: drawing.sampling }, drawing.noise);
  const known = plan.cacheable.map((token) => draft.pair.toDraft(token));
  const options = { capacity: models.contextSize, promptLength: 0, reuse: plan.reuse, signal };
  const sequence = draft.batcher.open(options, known);
  onOpen({ model: draft.name, sequence });
  const company = companyOf(draft, sequence);
  return new ModelDrafter({
    name: draft.name,
    sequence: draft.translate(sequence),
    sampler,
    noise: drawing.noise,
    random,
    isEnd: isEndOf(plan),
    costs: models.learnt.knowledge.draftCostsOf(draft.name)!,
    company,
    proposer: helperOf?.(company),
    now,
  });
}

/** What is no token of the vocabulary, or no confidence, ends its draft: a pass that others share would fail of it. */
function fromOutside(drafter: Drafter, { writer }: Plan): Drafter {
  const { size } = writer.model.vocabulary;
  const inner = borrowed(drafter);
  const isToken = (token: number) => Number.isInteger(token) && token >= 0 && token < size;
  return {
    ...inner,
    propose: async (request) => {
      const draft = await inner.propose(request);
      const bad = draft.tokens.findIndex((token, i) => !isToken(token) || !isProbability(draft.confidences[i]));
      return bad < 0 ? draft : headOf(draft, bad);
    },
  };
}

function isProbability(confidence: number | undefined): boolean {
  return confidence !== undefined && confidence >= 0 && confidence <= 1;
}

/** Somebody else closes it. */
export function borrowed(drafter: Drafter): Drafter {
  return {
    name: drafter.name,
    propose: (request) => drafter.propose(request),
    ...(drafter.price && { price: drafter.price.bind(drafter) }),
    ...(drafter.probe && { probe: drafter.probe.bind(drafter) }),
    observe: (outcome) => drafter.observe(outcome),
    close: () => {},
  };
}
