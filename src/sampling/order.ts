import { OutriderError } from '../errors.js';

/** The steps whose order a user may choose, by llama.cpp's names. Logit bias and bans always come first. */
export const STEP_NAMES = [
  'penalties',
  'dry',
  'top_n_sigma',
  'top_k',
  'typ_p',
  'top_p',
  'min_p',
  'xtc',
  'temperature',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** llama.cpp's default order. */
export const DEFAULT_ORDER: readonly StepName[] = STEP_NAMES;

/** The letters of llama-server's `--sampler-seq`. */
const LETTERS: Readonly<Record<string, StepName>> = {
  e: 'penalties',
  d: 'dry',
  s: 'top_n_sigma',
  k: 'top_k',
  y: 'typ_p',
  p: 'top_p',
  m: 'min_p',
  x: 'xtc',
  t: 'temperature',
};

const ALIASES: Readonly<Record<string, StepName>> = { nucleus: 'top_p', temp: 'temperature', typ: 'typ_p' };

/** KoboldCpp's `sampler_order` ids. Its top-p is always followed by min-p, its temperature by top-n-sigma. */
const KOBOLD_STEPS: readonly (readonly StepName[])[] = [
  ['top_k'],
  [], // top-a
  ['top_p', 'min_p'],
  [], // tail-free, removed from KoboldCpp
  ['typ_p'],
  ['temperature', 'top_n_sigma'],
  ['penalties'],
];

/**
 * An order given by names, as a list or separated by `;`: `penalties;dry;top_k`. As in llama.cpp, `top-k`, `topk`,
 * `nucleus`, `temp` and `typ` are understood, in any case. Steps that are not named do not run.
 * @throws OutriderError invalid_argument for an unknown or a repeated name
 */
export function orderFromNames(names: string | readonly string[]): StepName[] {
  const list = typeof names === 'string' ? names.split(';').filter((name) => name.trim() !== '') : names;
  return distinct(
    list.map((name) => stepNamed(name) ?? refuse(`unknown sampler '${name}'`)),
    list,
  );
}

/**
 * An order given by llama-server's letters: `edskypmxt` is the default.
 * @throws OutriderError invalid_argument for an unknown or a repeated letter
 */
export function orderFromLetters(letters: string): StepName[] {
  const list = [...letters];
  return distinct(
    list.map((letter) => LETTERS[letter] ?? refuse(`unknown sampler letter '${letter}'`)),
    list,
  );
}

/**
 * An order given by KoboldCpp's ids. DRY runs before and XTC after all of them, as there.
 * @throws OutriderError invalid_argument for an unknown or a repeated id
 */
export function orderFromKobold(ids: readonly number[]): StepName[] {
  const steps = ids.map((id) => KOBOLD_STEPS[id] ?? refuse(`unknown sampler id ${id} in sampler_order`));
  if (new Set(ids).size < ids.length) refuse(`sampler_order [${ids.join(',')}] names a sampler twice`);
  return ['dry', ...steps.flat(), 'xtc'];
}

function stepNamed(name: string): StepName | undefined {
  const plain = (text: string) => text.trim().toLowerCase().replaceAll(/[-_]/g, '');
  return STEP_NAMES.find((step) => plain(step) === plain(name)) ?? ALIASES[name.trim().toLowerCase()];
}

function distinct(order: StepName[], given: readonly string[]): StepName[] {
  const repeated = order.findIndex((step, i) => order.indexOf(step) < i);
  if (repeated >= 0) refuse(`sampler '${given[repeated]}' occurs twice`);
  return order;
}

function refuse(problem: string): never {
  throw new OutriderError(
    'invalid_argument',
    `${problem}; expected each at most once of ${STEP_NAMES.join(', ')} (letters ${Object.keys(LETTERS).join('')}, KoboldCpp ids 0 to ${KOBOLD_STEPS.length - 1})`,
    { parameter: 'order' },
  );
}
