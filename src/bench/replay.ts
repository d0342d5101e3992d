/**
 * What the engine's own policy makes of a traced text where every pass takes exactly what the measured curves say: the
 * heart's loop, cascade and drafters as they are, on a clock that only passes move. Held against the oracle it shows what
 * the policy loses; held against the measured speed-up, what the machine did.
 */
import { NO_NOISE } from '../engine/draft-drawing.js';
import { borrowed } from '../engine/drafting.js';
import { DraftingBooks } from '../engine/drafting-books.js';
import {
  ALONE,
  always,
  Cascade,
  type CostCurve,
  type Distribution,
  generate,
  type Knowledge,
  LookupDrafter,
  ModelDrafter,
  pointMass,
  type Round,
  type Row,
  type Sampler,
  type Sequence,
  type Token,
} from '../speculative/index.js';
import type { TracedDraft } from './oracle.js';

/** A text, and at each of its positions what a draft model would have proposed there. */
export interface ReplayedText {
  readonly prompt: readonly Token[];
  readonly tokens: readonly Token[];
  /** By generated tokens before it; the first has none. */
  readonly drafts: readonly (TracedDraft | undefined)[];
}

export interface Replay {
  readonly knowledge: Knowledge;
  readonly target: CostCurve;
  readonly draft: { readonly name: string; readonly costs: CostCurve };
  /** Tells acceptance apart (CascadeOptions). */
  readonly kind: string;
  /** The most tokens of a draft. */
  readonly max: number;
  /** What each pass takes of its price. */
  readonly noise: () => number;
  readonly onRound?: ((round: Round) => void) | undefined;
}

export interface Replayed {
  /** From the first token to the last. */
  readonly ms: number;
  readonly plainMs: number;
  readonly rounds: number;
  readonly drafted: number;
  readonly accepted: number;
}

/** Stands for every token that the text does not have; no vocabulary has it. */
const OTHER: Token = 2 ** 31;
/** Laws are certain or of one token: nothing is drawn. */
const NO_RANDOM = () => 0.5;

/** Writes the text once more, learning as it goes. */
export async function replay(text: ReplayedText, plan: Replay): Promise<Replayed> {
  const clock = new Clock(plan.noise);
  const promptLength = text.prompt.length;
  const context = [...text.prompt];
  const books = new DraftingBooks(plan);
  const proposer = proposerOf(text, plan, books, clock);
  const total = { ms: 0, plainMs: 0, rounds: 0, drafted: 0, accepted: 0 };
  const rounds = generate({
    target: new ClockedSequence(plan.target, clock),
    sampler: new FollowingSampler(text.prompt, (length) => pointMass(text.tokens[length - promptLength] ?? OTHER)),
    context,
    proposer,
    rules: always({ rule: 'match', noise: NO_NOISE }),
    maxTokens: text.tokens.length,
    maxDraft: plan.max,
    isEnd: () => false,
    now: clock.now,
  });
  let began = 0;
  for await (const round of rounds) {
    const { index, position, tokens, draft, accepted } = round;
    plan.onRound?.(round);
    if (index === 0) began = clock.now();
    else for (let i = 0; i < tokens.length; i++) total.plainMs += plan.target.at(1, position + i);
    total.rounds += 1;
    total.drafted += draft.tokens.length;
    total.accepted += accepted;
  }
  proposer.close();
  books.close();
  return { ...total, ms: clock.now() - began };
}

function proposerOf(text: ReplayedText, { knowledge, draft }: Replay, books: DraftingBooks, clock: Clock): Cascade {
  const shared = { isEnd: () => false, company: ALONE };
  const lookup = new LookupDrafter();
  const within = books.of(knowledge.within(draft.name));
  const helper = new Cascade({ ...shared, drafters: [borrowed(lookup)], books: within });
  const model = new ModelDrafter({
    name: draft.name,
    sequence: new ClockedSequence(draft.costs, clock),
    sampler: new FollowingSampler(text.prompt, (length, history) => draftLaw(text, history, length)),
    noise: NO_NOISE,
    random: NO_RANDOM,
    isEnd: () => false,
    costs: knowledge.draftCostsOf(draft.name)!,
    company: ALONE,
    proposer: helper,
    now: clock.now,
  });
  return new Cascade({ ...shared, drafters: [lookup, model], books: books.of(knowledge) });
}

/** What the draft model says behind a history: the text up to some token, and behind it what it drafted itself. */
function draftLaw({ prompt, tokens, drafts }: ReplayedText, history: readonly Token[], length: number): Distribution {
  let agreed = length - prompt.length;
  for (let i = agreed - 1; i >= 0 && history[prompt.length + i] !== tokens[i]; i--) agreed = i;
  const traced = drafts[agreed];
  const ahead = length - prompt.length - agreed;
  const confidence = traced?.confidences[ahead] ?? 0.5;
  const right = traced !== undefined && ahead < traced.matched;
  return { ids: [right ? tokens[agreed + ahead]! : OTHER], probabilities: [confidence] };
}

class Clock {
  #ms = 0;
  readonly #noise: () => number;

  constructor(noise: () => number) {
    this.#noise = noise;
  }

  readonly now = (): number => this.#ms;

  pass(ms: number): void {
    this.#ms += ms * this.#noise();
  }
}

/** Holds nothing but a length; its rows say nothing, the samplers know the text. */
class ClockedSequence implements Sequence {
  readonly capacity = Number.POSITIVE_INFINITY;
  length = 0;
  readonly #costs: CostCurve;
  readonly #clock: Clock;

  constructor(costs: CostCurve, clock: Clock) {
    this.#costs = costs;
    this.#clock = clock;
  }

  async evaluate<T>(tokens: readonly Token[], rows: number, read: (rows: readonly Row[]) => T): Promise<T> {
    this.#clock.pass(this.#costs.at(tokens.length, this.length));
    this.length += tokens.length;
    return read(Array.from({ length: rows }, () => NO_ROW));
  }

  rewind(length: number): void {
    this.length = length;
  }

  close(): void {}
}

const NO_ROW: Row = new Float32Array(0);

class FollowingSampler implements Sampler {
  readonly #history: Token[];
  readonly #lawBehind: (length: number, history: readonly Token[]) => Distribution;

  constructor(prompt: readonly Token[], lawBehind: (length: number, history: readonly Token[]) => Distribution) {
    this.#history = [...prompt];
    this.#lawBehind = lawBehind;
  }

  get length(): number {
    return this.#history.length;
  }

  law(): Distribution {
    return this.#lawBehind(this.length, this.#history);
  }

  push(token: Token): void {
    this.#history.push(token);
  }

  rewind(length: number): void {
    this.#history.length = length;
  }
}
