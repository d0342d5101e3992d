import { OutriderError } from '../errors.js';
import type { Distribution, Noise, Row, Sampler, Token } from '../speculative/index.js';
import { Candidates } from './candidates.js';
import { History } from './history.js';
import { Mirostat } from './mirostat.js';
import type { SamplingOptions } from './options.js';
import type { Moment, Step } from './step.js';
import { activeSteps, biasSteps, isGreedy, stepNamed, tokensIn } from './steps.js';

export interface SamplerSettings {
  readonly options: SamplingOptions;
  readonly vocabularySize: number;
  /** Coins of the positions; only XTC tosses one. */
  readonly noise: Noise;
  /** Tokens that may never be chosen. */
  readonly banned?: Iterable<Token>;
  /** The tokens so far, as a rule the prompt. */
  readonly history?: readonly Token[];
  /** DRY's sequence breakers as tokens (see `sequenceBreakers`). */
  readonly breakers?: readonly (readonly Token[])[];
}

/**
 * llama.cpp's sampler chain as a function from history and logits to a law: the same tokens with the same
 * probabilities, up to the rounding of its 32 bit arithmetic. The law is listed in descending order of probability
 * (see `Candidates.law` for the one exception).
 *
 * `law` throws a RangeError where the model left no finite logit to choose from.
 */
export class SamplerChain implements Sampler {
  /** The names of the steps that run, in order, for traces. */
  readonly stepNames: readonly string[];
  /**
   * Whether the law of a position depends on which tokens were drawn *as probabilities*, so that drafts may only be
   * judged by drawing in sequence and matching: true of Mirostat alone. Rejection and block verification need it false.
   */
  readonly sequentialOnly: boolean;
  readonly #steps: readonly Step[];
  readonly #moment: Moment;
  readonly #history: History;
  readonly #mirostat: Mirostat | undefined;
  readonly #vocabularySize: number;
  readonly #candidates = new Candidates();
  /** The law of the next token, where Mirostat has to know it. */
  #current: Distribution | undefined;

  /** @throws OutriderError invalid_argument if a biased or banned token is outside the vocabulary */
  constructor({ options, vocabularySize, noise, banned = [], history = [], breakers = [] }: SamplerSettings) {
    const bans = [...banned];
    for (const token of [...bans, ...options.logitBias.keys()]) {
      if (!(Number.isInteger(token) && token >= 0 && token < vocabularySize)) {
        throw new OutriderError(
          'invalid_argument',
          `logitBias: expected token ids from 0 to ${vocabularySize - 1}, got ${token}`,
          { parameter: 'logitBias' },
        );
      }
    }
    const names = activeSteps(options, vocabularySize);
    const sieve = options.mirostat === 'v2' && !isGreedy(options);
    this.#mirostat = sieve ? new Mirostat(options.mirostatTau, options.mirostatEta, history.length) : undefined;
    this.#history = new History(history, names.includes('penalties') ? tokensIn(options.penaltyRange) : 0);
    this.#moment = { history: this.#history, noise };
    const bias = biasSteps(options, bans);
    const sieves = this.#mirostat ? [this.#mirostat.step] : [];
    this.#steps = [...bias, ...names.map((name) => stepNamed(name, options, breakers)), ...sieves];
    this.stepNames = [...bias.map(() => 'bias'), ...names, ...sieves.map(() => 'mirostat')];
    this.sequentialOnly = this.#mirostat !== undefined;
    this.#vocabularySize = vocabularySize;
  }

  get length(): number {
    return this.#history.tokens.length;
  }

  law(row: Row): Distribution {
    if (row.length !== this.#vocabularySize) {
      throw new RangeError(`expected ${this.#vocabularySize} logits, one a token of the vocabulary, got ${row.length}`);
    }
    const candidates = this.#candidates;
    candidates.start(row);
    try {
      for (const step of this.#steps) step(candidates, this.#moment);
      const law = candidates.law();
      if (this.#mirostat) this.#current = law;
      return law;
    } finally {
      candidates.finish();
    }
  }

  push(token: Token): void {
    this.#mirostat?.push(this.#current && shareOf(this.#current, token));
    this.#current = undefined;
    this.#history.push(token);
  }

  /** Forgets tokens in the middle of the history: the text has outgrown its context. What Mirostat has learnt of the rest stays. */
  drop(from: number, count: number): void {
    this.#history.drop(from, count);
    this.#mirostat?.drop(from, count);
    this.#current = undefined;
  }

  rewind(length: number): void {
    this.#history.rewind(length);
    this.#mirostat?.rewind(length);
    this.#current = undefined;
  }
}

function shareOf(law: Distribution, token: Token): number | undefined {
  for (let i = 0; i < law.ids.length; i++) if (law.ids[i] === token) return law.probabilities[i];
  return undefined;
}
