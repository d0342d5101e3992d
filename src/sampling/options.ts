import { OutriderError } from '../errors.js';
import type { Token } from '../speculative/index.js';
import type { StepName } from './order.js';
import { DEFAULT_ORDER, STEP_NAMES } from './order.js';

/** How a token is chosen from logits. A value that says "off" takes its step out of the chain. */
export interface SamplingOptions {
  /** 0 to 100; logits are divided by it, 1 leaves them alone, 0 always takes the likeliest token (unless `dynatempRange`). */
  readonly temperature: number;
  /** 0 to 100; the temperature moves with the entropy by up to this much in both directions. Off: 0. */
  readonly dynatempRange: number;
  /** 0 to 100; power of the normalised entropy in dynamic temperature. */
  readonly dynatempExponent: number;
  /** Integer; tokens kept by likelihood. Off: 0. */
  readonly topK: number;
  /** 0 to 1; probability mass kept by likelihood. Off: 1. */
  readonly topP: number;
  /** 0 to 1; least probability relative to the likeliest token's. Off: 0. */
  readonly minP: number;
  /** 0 to 1; probability mass kept by nearness of surprise to entropy. Off: 1. */
  readonly typicalP: number;
  /** 0 to 100; standard deviations below the greatest logit that are kept. Off: 0. */
  readonly topNSigma: number;
  /** 0 to 1; chance that XTC acts at a position. Off: 0. */
  readonly xtcProbability: number;
  /** 0 to 1; probability from which XTC excludes a token. Off: above 0.5. */
  readonly xtcThreshold: number;
  /** Above 0, at most 100; divides positive and multiplies negative logits of recent tokens. Off: 1. */
  readonly repeatPenalty: number;
  /** -1000 to 1000; subtracted from the logit for each recent occurrence. Off: 0. */
  readonly frequencyPenalty: number;
  /** -1000 to 1000; subtracted once from the logit of a recent token. Off: 0. */
  readonly presencePenalty: number;
  /** Integer; how many of the last tokens are recent to these three penalties, prompt included. Off: 0. */
  readonly penaltyRange: number | 'all';
  /** 0 to 100; DRY's penalty for a repetition of exactly `dryAllowedLength` tokens. Off: 0. */
  readonly dryMultiplier: number;
  /** 1 to 100; DRY's factor for each further token of the repetition. */
  readonly dryBase: number;
  /** Integer; repetitions shorter than this cost nothing. */
  readonly dryAllowedLength: number;
  /** Integer; how many of the last tokens DRY searches. Off: 0. */
  readonly dryRange: number | 'all';
  /** At most 64 texts of at most 256 characters, over which no repetition reaches. */
  readonly drySequenceBreakers: readonly string[];
  /** `v2`: after penalties and DRY (where `order` names them) and the temperature, Mirostat 2.0 alone cuts the law. */
  readonly mirostat: 'off' | 'v2';
  /** 0 to 100; the surprise that Mirostat aims at, in bits. */
  readonly mirostatTau: number;
  /** 0 to 100; Mirostat's learning rate. */
  readonly mirostatEta: number;
  /** Integer; the least number of tokens that typical, top-p, min-p and XTC leave. */
  readonly minKeep: number;
  /** Added to the logits of tokens; -Infinity bans one. */
  readonly logitBias: ReadonlyMap<Token, number>;
  /** The steps, in order; those that are not named do not run. */
  readonly order: readonly StepName[];
}

/** llama.cpp v0.5.0's defaults. */
export const SAMPLING_DEFAULTS: SamplingOptions = {
  temperature: 0.8,
  dynatempRange: 0,
  dynatempExponent: 1,
  topK: 40,
  topP: 0.95,
  minP: 0.05,
  typicalP: 1,
  topNSigma: 0,
  xtcProbability: 0,
  xtcThreshold: 0.1,
  repeatPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  penaltyRange: 64,
  dryMultiplier: 0,
  dryBase: 1.75,
  dryAllowedLength: 2,
  dryRange: 64,
  drySequenceBreakers: ['\n', ':', '"', '*'],
  mirostat: 'off',
  mirostatTau: 5,
  mirostatEta: 0.1,
  minKeep: 0,
  logitBias: new Map(),
  order: DEFAULT_ORDER,
};

/** Some of the options; an undefined one counts as not given. */
export type PartialSampling = { readonly [Name in keyof SamplingOptions]?: SamplingOptions[Name] | undefined };

/**
 * Completes what was given with what the model's file recommends and with the defaults, in this order.
 * @throws OutriderError invalid_argument that names the option, what was expected and what came; `details.parameter`
 * is the option's name
 */
export function resolveSampling(given: PartialSampling, recommended: PartialSampling = {}): SamplingOptions {
  const resolved = { ...SAMPLING_DEFAULTS, ...defined(recommended), ...defined(given) };
  for (const name of Object.keys(RULES) as (keyof SamplingOptions)[]) {
    const rule = RULES[name];
    const value: unknown = resolved[name];
    if (rule.holds(value)) continue;
    throw new OutriderError('invalid_argument', `${name}: expected ${rule.expected}, got ${shown(value)}`, {
      parameter: name,
    });
  }
  return resolved;
}

/** Whether an option may have this value. */
export function isValidOption(name: keyof SamplingOptions, value: unknown): boolean {
  return RULES[name].holds(value);
}

interface Rule {
  readonly expected: string;
  holds(value: unknown): boolean;
}

const within = (least: number, most: number): Rule => ({
  expected: `a number from ${least} to ${most}`,
  holds: (value) => typeof value === 'number' && value >= least && value <= most,
});

const count: Rule = {
  expected: 'an integer, at least 0',
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

const countOrAll: Rule = {
  expected: "an integer, at least 0, or 'all'",
  holds: (value) => value === 'all' || count.holds(value),
};

/** Each breaker is looked for in the whole vocabulary, and front ends send a handful. */
const MAX_BREAKERS = 64;
const MAX_BREAKER_LENGTH = 256;

const RULES: Readonly<Record<keyof SamplingOptions, Rule>> = {
  temperature: within(0, 100),
  dynatempRange: within(0, 100),
  dynatempExponent: within(0, 100),
  topK: count,
  topP: within(0, 1),
  minP: within(0, 1),
  typicalP: within(0, 1),
  topNSigma: within(0, 100),
  xtcProbability: within(0, 1),
  xtcThreshold: within(0, 1),
  repeatPenalty: {
    expected: 'a number above 0, at most 100',
    holds: (value) => typeof value === 'number' && value > 0 && value <= 100,
  },
  frequencyPenalty: within(-1000, 1000),
  presencePenalty: within(-1000, 1000),
  penaltyRange: countOrAll,
  dryMultiplier: within(0, 100),
  dryBase: within(1, 100),
  dryAllowedLength: count,
  dryRange: countOrAll,
  drySequenceBreakers: {
    expected: `a list of at most ${MAX_BREAKERS} texts of 1 to ${MAX_BREAKER_LENGTH} characters`,
    holds: (value) =>
      Array.isArray(value) &&
      value.length <= MAX_BREAKERS &&
      value.every((text) => typeof text === 'string' && text !== '' && text.length <= MAX_BREAKER_LENGTH),
  },
  mirostat: { expected: "'off' or 'v2'", holds: (value) => value === 'off' || value === 'v2' },
  mirostatTau: within(0, 100),
  mirostatEta: within(0, 100),
  minKeep: count,
  logitBias: {
    expected: 'a map of token ids to finite numbers or -Infinity',
    holds: (value) =>
      value instanceof Map &&
      [...value].every(
        ([token, bias]) => count.holds(token) && typeof bias === 'number' && bias < Number.POSITIVE_INFINITY,
      ),
  },
  order: {
    expected: `a list of ${STEP_NAMES.join(', ')}, each at most once`,
    holds: (value) =>
      Array.isArray(value) && value.every((name) => STEP_NAMES.includes(name)) && new Set(value).size === value.length,
  },
};

function defined(options: PartialSampling): Partial<SamplingOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Of a value in a message. */
const MAX_SHOWN = 200;

function shown(value: unknown): string {
  const text = written(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function written(value: unknown): string {
  if (value instanceof Map) return `{${[...value].map(([key, entry]) => `${key}: ${entry}`).join(', ')}}`;
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}
