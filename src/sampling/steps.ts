import type { Token } from '../speculative/index.js';
import { dry } from './dry.js';
import { logitBias } from './logit-bias.js';
import { minP } from './min-p.js';
import type { SamplingOptions } from './options.js';
import type { StepName } from './order.js';
import { penalties } from './penalties.js';
import type { Step } from './step.js';
import { dynamicTemperature, temperature } from './temperature.js';
import { topK } from './top-k.js';
import { topNSigma } from './top-n-sigma.js';
import { topP } from './top-p.js';
import { typical } from './typical.js';
import { xtc } from './xtc.js';

/** A range of `all` as a number of tokens. */
export function tokensIn(range: number | 'all'): number {
  return range === 'all' ? Number.POSITIVE_INFINITY : range;
}

/** Whether the temperature step always takes the likeliest token. */
export function isGreedy({ temperature, dynatempRange }: SamplingOptions): boolean {
  return temperature === 0 && dynatempRange === 0;
}

/** Whether the last step leaves the likeliest token alone: an order without the temperature has no use for its value. */
export function takesLikeliest(options: SamplingOptions): boolean {
  return isGreedy(options) && (options.mirostat === 'v2' || options.order.includes('temperature'));
}

/**
 * The steps that these options ask for: without those that would change nothing, and under a temperature of 0 without
 * those that cannot change which token is the likeliest.
 */
export function activeSteps(options: SamplingOptions, vocabularySize: number): StepName[] {
  // llama.cpp runs Mirostat after the temperature alone; penalties are kept where asked for, as KoboldCpp does.
  const order: readonly StepName[] =
    options.mirostat === 'v2' ? [...options.order.filter(editsLogits), 'temperature'] : options.order;
  const active = order.filter((name) => changesSomething(name, options, vocabularySize));
  if (!isGreedy(options) || !active.includes('temperature')) return active;
  const before = active.slice(0, active.indexOf('temperature'));
  while (before.length > 0 && KEEP_THE_LIKELIEST.has(before[before.length - 1]!)) before.pop();
  return [...before, 'temperature'];
}

const KEEP_THE_LIKELIEST: ReadonlySet<StepName> = new Set(['top_n_sigma', 'top_k', 'top_p', 'min_p']);

function editsLogits(name: StepName): boolean {
  return name === 'penalties' || name === 'dry';
}

function changesSomething(name: StepName, options: SamplingOptions, vocabularySize: number): boolean {
  switch (name) {
    case 'penalties':
      return (
        options.penaltyRange !== 0 &&
        !(options.repeatPenalty === 1 && options.frequencyPenalty === 0 && options.presencePenalty === 0)
      );
    case 'dry':
      return options.dryMultiplier > 0 && options.dryRange !== 0;
    case 'top_n_sigma':
      return options.topNSigma > 0;
    case 'top_k':
      return options.topK > 0 && options.topK < vocabularySize;
    case 'typ_p':
      return options.typicalP < 1;
    case 'top_p':
      return options.topP < 1;
    case 'min_p':
      return options.minP > 0;
    case 'xtc':
      return options.xtcProbability > 0 && options.xtcThreshold <= 0.5;
    case 'temperature':
      return options.temperature !== 1 || options.dynatempRange > 0;
  }
}

export function stepNamed(name: StepName, options: SamplingOptions, breakers: readonly (readonly Token[])[]): Step {
  const { minKeep } = options;
  switch (name) {
    case 'penalties':
      return penalties(options.repeatPenalty, options.frequencyPenalty, options.presencePenalty);
    case 'dry':
      return dry({
        multiplier: options.dryMultiplier,
        base: options.dryBase,
        allowedLength: options.dryAllowedLength,
        range: tokensIn(options.dryRange),
        breakers,
      });
    case 'top_n_sigma':
      return topNSigma(options.topNSigma);
    case 'top_k':
      return topK(options.topK);
    case 'typ_p':
      return typical(options.typicalP, minKeep);
    case 'top_p':
      return topP(options.topP, minKeep);
    case 'min_p':
      return minP(options.minP, minKeep);
    case 'xtc':
      return xtc(options.xtcProbability, options.xtcThreshold, minKeep);
    case 'temperature':
      return options.dynatempRange > 0 && options.mirostat === 'off'
        ? dynamicTemperature(options.temperature, options.dynatempRange, options.dynatempExponent)
        : temperature(options.temperature);
  }
}

/** Bias and bans as one step, or none where there are neither. */
export function biasSteps(options: SamplingOptions, banned: Iterable<Token>): Step[] {
  const biases = new Map(options.logitBias);
  for (const token of banned) biases.set(token, Number.NEGATIVE_INFINITY);
  return biases.size > 0 ? [logitBias(biases)] : [];
}
