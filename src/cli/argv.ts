/**
 * Flags as other programs spell them. llama.cpp has short flags of several letters (`-md FILE`), which commander would
 * read as one letter with a value (`-m d`), and renames its long flags now and then; KoboldCpp has names of its own.
 * They are rewritten to the one name that the help shows before commander sees them.
 */
import { OutriderError } from '../errors.js';

/** Other names of each flag, by its name in the help. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  '--model-draft': ['-md', '--spec-draft-model', '--draftmodel'],
  '--ctx-size': ['--contextsize'],
  '--threads-draft': ['-td', '--spec-draft-threads'],
  '--gpu-layers': ['-ngl', '--n-gpu-layers', '--gpulayers'],
  '--gpu-layers-draft': ['-ngld', '--spec-draft-ngl', '--n-gpu-layers-draft', '--draftgpulayers'],
  '--cache-type-k': ['-ctk'],
  '--cache-type-v': ['-ctv'],
  '--cache-type-k-draft': ['-ctkd', '--spec-draft-type-k'],
  '--cache-type-v-draft': ['-ctvd', '--spec-draft-type-v'],
  '--draft-max': ['--draft', '--draft-n', '--spec-draft-n-max', '--draftamount'],
  '--draft-min': ['--draft-n-min', '--spec-draft-n-min'],
  '--draft-p-min': ['--spec-draft-p-min'],
  '--parallel': ['-np', '--n-parallel'],
  '--api-key': ['--password'],
  '--predict': ['--n-predict'],
  '--system': ['-sys', '--system-prompt'],
  '--stop': ['-r', '--reverse-prompt'],
  '--temp': ['--temperature'],
  '--typical': ['--typical-p'],
  '--top-nsigma': ['--top-n-sigma'],
  '--mirostat-lr': ['--mirostat-eta'],
  '--mirostat-ent': ['--mirostat-tau'],
  '--sampler-seq': ['--sampling-seq'],
};

/** Every other name with the name that it stands for. */
export const FLAG_ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries(OTHER_NAMES).flatMap(([name, others]) => others.map((other) => [other, name] as const)),
);

/**
 * The arguments with every other name replaced. Values are left alone, whatever they look like: what follows a flag for
 * which `takesValue` is true (`--stop -md`) and all behind `--`.
 * @throws OutriderError invalid_argument for an unknown `-xyz`, which would otherwise be taken for `-x yz`
 */
export function rewriteArguments(argv: readonly string[], takesValue: (flag: string) => boolean): string[] {
  const rewritten: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (argument === '--') return [...rewritten, ...argv.slice(i)];
    const flag = rewriteFlag(argument);
    rewritten.push(...flag);
    const valueFollows = flag.length === 1 && takesValue(flag[0]!) && i + 1 < argv.length;
    if (valueFollows) rewritten.push(argv[++i]!);
  }
  return rewritten;
}

function rewriteFlag(argument: string): readonly string[] {
  const { name, value } = splitAtEquals(argument);
  const alias = FLAG_ALIASES.get(name);
  if (alias !== undefined) return [value === undefined ? alias : `${alias}=${value}`];
  if (/^-[a-z]$/i.test(name) && value !== undefined) return [name, value];
  if (/^-[a-z]{2}/i.test(name)) {
    throw new OutriderError('invalid_argument', `unknown option '${name}'; see outrider --help`, { option: name });
  }
  return [argument];
}

function splitAtEquals(argument: string): { name: string; value?: string } {
  const at = argument.startsWith('-') ? argument.indexOf('=') : -1;
  return at < 0 ? { name: argument } : { name: argument.slice(0, at), value: argument.slice(at + 1) };
}
