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

/** Other names of steps, without marks. */
const ALIASES: ReadonlyMap<string, StepName> = new Map([
  ['nucleus', 'top_p'],
  ['temp', 'temperature'],
  ['typ', 'typ_p'],
  ['typical', 'typ_p'],
  ['typicalp', 'typ_p'],
]);

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
 * `nucleus`, `temp`, `typ`, `typical` and `typical_p` are understood, in any case. Steps that are not named do not run.
 * @throws OutriderError invalid_argument for an unknown or a repeated name
 */
export function orderFromNames(names: string | readonly string[]): StepName[] {
  const list = namesIn(names);
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
 * The order that a request asks for, as llama-server reads it: a list of names, names between `;`, or letters. Front ends
 * name all samplers that any server has, so what is not known is left out, and of a repeated one the first place counts.
 * Empty where nothing is named.
 * @throws OutriderError invalid_argument where something is named and nothing of it is known
 */
export function knownOrder(samplers: string | readonly string[]): StepName[] {
  const letters = typeof samplers === 'string' && isLetters(samplers);
  const list = letters ? [...samplers] : namesIn(samplers);
  const known = list.flatMap((name) => (letters ? LETTERS[name] : stepNamed(name)) ?? []);
  if (known.length === 0 && list.length > 0) refuse(`unknown sampler${letters ? ' letter' : ''} '${list[0]}'`);
  return [...new Set(known)];
}

/**
 * An order given by KoboldCpp's ids. DRY runs before and XTC after all of them, as there.
 * @throws OutriderError invalid_argument for an unknown or a repeated id
 */
export function orderFromKobold(ids: readonly number[]): StepName[] {
  const steps = ids.map(
    (id) => KOBOLD_STEPS[id] ?? refuse(`unknown sampler id ${id} in sampler_order`, 'sampler_order'),
  );
  if (new Set(ids).size < ids.length) refuse(`sampler_order [${ids.join(',')}] names a sampler twice`, 'sampler_order');
  return ['dry', ...steps.flat(), 'xtc'];
}

function namesIn(names: string | readonly string[]): readonly string[] {
  return typeof names === 'string' ? names.split(';').filter((name) => name.trim() !== '') : names;
}

/** A name that by chance consists of letters of steps only, as `temp`, is letters to llama-server. */
function isLetters(text: string): boolean {
  if (!/^[a-z]+$/.test(text)) return false;
  return stepNamed(text) === undefined || [...text].every((letter) => letter in LETTERS);
}

function stepNamed(name: string): StepName | undefined {
  const wanted = withoutMarks(name);
  return STEP_NAMES.find((step) => withoutMarks(step) === wanted) ?? ALIASES.get(wanted);
}

function withoutMarks(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[-_]/g, '');
}

function distinct(order: StepName[], given: readonly string[]): StepName[] {
  const repeated = order.findIndex((step, i) => order.indexOf(step) < i);
  if (repeated >= 0) refuse(`sampler '${given[repeated]}' occurs twice`);
  return order;
}

function refuse(problem: string, parameter = 'order'): never {
  throw new OutriderError(
    'invalid_argument',
    `${problem}; expected each at most once of ${STEP_NAMES.join(', ')} (letters ${Object.keys(LETTERS).join('')}, KoboldCpp ids 0 to ${KOBOLD_STEPS.length - 1})`,
    { parameter },
  );
}
