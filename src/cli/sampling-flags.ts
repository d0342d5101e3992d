import type { Command, Option, OptionValues } from 'commander';
import { OutriderError } from '../errors.js';
import {
  orderFromKobold,
  orderFromLetters,
  orderFromNames,
  type PartialSampling,
  resolveSampling,
  SAMPLING_DEFAULTS,
  type SamplingOptions,
  STEP_NAMES,
  type StepName,
} from '../sampling/index.js';
import type { Token } from '../speculative/index.js';
import { anyText, integer, listOption, number, type Reader, valueOption, wordOr } from './options.js';

/** The sampling options that one flag with one value sets. */
type ScalarName = Exclude<keyof SamplingOptions, 'logitBias' | 'drySequenceBreakers' | 'order' | 'minKeep'>;
type ScalarFlag<Name extends ScalarName> = readonly [flags: string, about: string, Reader<SamplingOptions[Name]>];

const count = integer({ from: 0 });
const countOrAll = wordOr('all', count);

/** By llama.cpp's names. Ranges are `resolveSampling`'s business; here only what a number is. */
const SCALAR_FLAGS: { readonly [Name in ScalarName]: ScalarFlag<Name> } = {
  temperature: ['--temp <number>', 'temperature; 0: always the likeliest token', number],
  dynatempRange: ['--dynatemp-range <number>', 'how far the temperature moves with the entropy', number],
  dynatempExponent: ['--dynatemp-exp <number>', 'exponent of dynamic temperature', number],
  topK: ['--top-k <count>', 'keep the likeliest tokens; 0: all', count],
  topP: ['--top-p <share>', 'keep the likeliest tokens up to this probability', number],
  minP: ['--min-p <share>', 'least probability, relative to the likeliest token’s', number],
  typicalP: ['--typical <share>', 'locally typical sampling; 1: off', number],
  topNSigma: ['--top-nsigma <number>', 'keep logits within so many deviations of the best; 0: off', number],
  xtcProbability: ['--xtc-probability <share>', 'chance that XTC excludes top choices', number],
  xtcThreshold: ['--xtc-threshold <share>', 'probability from which XTC excludes', number],
  repeatPenalty: ['--repeat-penalty <number>', 'divides the logits of recent tokens; 1: off', number],
  penaltyRange: ['--repeat-last-n <count>', "how many tokens are recent, or 'all'", countOrAll],
  presencePenalty: ['--presence-penalty <number>', 'subtracted once for a recent token', number],
  frequencyPenalty: ['--frequency-penalty <number>', 'subtracted for each recent occurrence', number],
  dryMultiplier: ['--dry-multiplier <number>', 'DRY’s penalty for repeated sequences; 0: off', number],
  dryBase: ['--dry-base <number>', 'DRY’s factor for each further token', number],
  dryAllowedLength: ['--dry-allowed-length <count>', 'shorter repetitions cost nothing', count],
  dryRange: ['--dry-penalty-last-n <count>', "how many tokens DRY searches, or 'all'", countOrAll],
  mirostat: [
    '--mirostat <0|2>',
    '2: Mirostat 2.0 in place of the cuts above',
    {
      expected: '0 or 2 (there is no version 1 here)',
      read: (text) => (text === '0' ? 'off' : text === '2' ? 'v2' : undefined),
    },
  ],
  mirostatEta: ['--mirostat-lr <number>', 'Mirostat’s learning rate', number],
  mirostatTau: ['--mirostat-ent <bits>', 'the surprise that Mirostat aims at', number],
};

const GROUP = 'Sampling (what is not given: the recommendation in the model’s file, then llama.cpp’s defaults):';

const SCALAR_OPTIONS = Object.entries(SCALAR_FLAGS).map(([name, [flags, about, reader]]) => {
  const standard = SAMPLING_DEFAULTS[name as ScalarName];
  return {
    name,
    option: valueOption(flags, `${about} (${standard === 'off' ? 0 : standard})`, reader as Reader<unknown>),
  };
});

type TokenBias = readonly [token: Token, bias: number];

const tokenBias: Reader<TokenBias> = {
  expected: 'a token id, a sign and a bias, as 15043+1 or 15043-inf',
  read: (text) => {
    const [, id = '', sign, size = ''] = /^(\d+)([+-])(.+)$/.exec(text) ?? [];
    const token = count.read(id);
    const bias = sign === '-' && size === 'inf' ? Number.NEGATIVE_INFINITY : number.read(`${sign}${size}`);
    return token === undefined || bias === undefined ? undefined : [token, bias];
  },
};

const LIST_OPTIONS = {
  logitBias: listOption('-l, --logit-bias <token±bias>', 'add to a token’s logit: 15043+1, 15043-inf', tokenBias),
  banToken: listOption('--ban-token <id>', 'never draw this token', count),
  breaker: listOption('--dry-sequence-breaker <text>', "DRY looks at nothing before it; 'none': no breaker", anyText),
} as const;

const orderReader = (read: Reader<StepName[]>['read']): Reader<StepName[]> => ({ expected: 'samplers', read });

const ORDER_OPTIONS: readonly Option[] = [
  valueOption('--samplers <names>', `the steps in order (${STEP_NAMES.join(';')})`, orderReader(orderFromNames)),
  valueOption('--sampler-seq <letters>', 'the same as letters (edskypmxt)', orderReader(orderFromLetters)),
  valueOption(
    '--sampler-order <numbers>',
    'the same as KoboldCpp’s numbers (6,0,1,3,4,2,5)',
    orderReader(orderFromNumbers),
  ),
];

export function addSamplingFlags(command: Command): void {
  const options = [...SCALAR_OPTIONS.map(({ option }) => option), ...Object.values(LIST_OPTIONS), ...ORDER_OPTIONS];
  for (const option of options) command.addOption(option.helpGroup(GROUP));
}

/**
 * The sampling that the flags ask for, in range: what is wrong is told now, not after minutes of loading.
 * @throws OutriderError invalid_argument
 */
export function samplingFromFlags(flags: OptionValues): PartialSampling {
  const given = (option: Option) => flags[option.attributeName()];
  const scalars = SCALAR_OPTIONS.map(({ name, option }) => [name, given(option)] as const);
  const bans: readonly Token[] = given(LIST_OPTIONS.banToken) ?? [];
  const biases: readonly TokenBias[] = [
    ...(given(LIST_OPTIONS.logitBias) ?? []),
    ...bans.map((token) => [token, Number.NEGATIVE_INFINITY] as const),
  ];
  const breakers: readonly string[] | undefined = given(LIST_OPTIONS.breaker);
  const orders = ORDER_OPTIONS.filter((option) => given(option) !== undefined);
  if (orders.length > 1) {
    const names = orders.map(({ long }) => long).join(' and ');
    throw new OutriderError('invalid_argument', `${names}: expected one of them, got both`);
  }
  const sampling: PartialSampling = {
    ...Object.fromEntries(scalars),
    logitBias: biases.length > 0 ? new Map(biases) : undefined,
    drySequenceBreakers: breakers?.slice(breakers.lastIndexOf('none') + 1),
    order: orders[0] && given(orders[0]),
  };
  resolveSampling(sampling);
  return sampling;
}

/** The flag that sets each option, for messages about it. */
export const SAMPLING_FLAG_NAMES: ReadonlyMap<string, string> = new Map([
  ...SCALAR_OPTIONS.map(({ name, option }) => [name, option.long ?? name] as const),
  ['logitBias', '--logit-bias'],
  ['drySequenceBreakers', '--dry-sequence-breaker'],
]);

function orderFromNumbers(text: string): StepName[] {
  const ids = text.split(',').map((part) => count.read(part.trim()));
  if (ids.includes(undefined)) {
    throw new OutriderError('invalid_argument', `expected KoboldCpp’s numbers as 6,0,1,3,4,2,5, got '${text}'`);
  }
  return orderFromKobold(ids as number[]);
}
