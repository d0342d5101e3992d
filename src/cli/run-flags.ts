import type { Command } from 'commander';
import { MODES, type Mode, VERIFICATION_RULES, type VerificationRule } from '../engine/events.js';
import { DRAFTER_KINDS, type DrafterKind, type GenerationRequest, type Prompt } from '../engine/request.js';
import { OutriderError } from '../errors.js';
import { given } from '../given.js';
import { addContextShiftFlag, addModelFlags, type ModelFlags } from './model-flags.js';
import { anyText, integer, listOption, number, oneOf, type Reader, valueOption, wordOr } from './options.js';
import { addSamplingFlags, samplingFromFlags } from './sampling-flags.js';

/** What commander makes of the flags of `run`, save those of sampling. */
export interface RunFlags extends ModelFlags {
  readonly mode?: Mode;
  readonly draftMax?: number;
  readonly draftMin?: number;
  readonly draftPMin?: number;
  readonly leniency?: number;
  readonly verification?: VerificationRule;
  readonly file?: string;
  readonly chat?: true;
  readonly system?: string;
  readonly predict?: number;
  readonly keep?: number | 'all';
  readonly stop?: readonly string[];
  readonly banString?: readonly string[];
  readonly logprobs?: number;
  readonly prediction?: string;
  readonly drafters?: readonly DrafterKind[];
  readonly ignoreEos?: true;
  readonly seed?: number;
  readonly json?: true;
  readonly debug?: true;
  readonly trace?: string;
  readonly verbose?: true;
}

const count = integer({ from: 0 });
const share: Reader<number> = {
  expected: 'a number from 0 to 1',
  read: (text) => {
    const value = number.read(text);
    return value !== undefined && value >= 0 && value <= 1 ? value : undefined;
  },
};

const drafterKinds: Reader<readonly DrafterKind[]> = {
  expected: `names of ${DRAFTER_KINDS.join(', ')}, with commas between them`,
  read: (text) => {
    const names = text.split(',').map((name) => name.trim());
    const known = DRAFTER_KINDS.filter((kind) => names.includes(kind));
    return known.length === names.length ? known : undefined;
  },
};

export function addRunFlags(command: Command): Command {
  command.optionsGroup('Prompt and answer:');
  command.option('-f, --file <path>', 'read the prompt from a file (one line end at its end is dropped)');
  command.option('--chat', 'the prompt is a user’s message: the model’s chat template goes around it');
  command.option('--system <text>', 'the system message of the chat');
  addAnswerFlags(command);
  command.addOption(
    valueOption(
      '--logprobs <count>',
      'log-probabilities, with so many alternatives each (in --json)',
      integer({ from: 0, to: 20 }),
    ),
  );

  addModelFlags(command);
  addContextShiftFlag(command);
  command.addOption(
    valueOption('--keep <count>', "with it: tokens of the prompt that stay, or 'all' (0)", wordOr('all', count)),
  );

  addSpeculationFlags(command);

  command.optionsGroup('Output:');
  command.option('--json', 'one JSON object with text, tokens, timings and statistics');
  command.option('--debug', 'a line a round on standard error: drafted against actual; stacks of errors');
  command.option('--trace <path>', 'write every event to a file, one JSON object a line');
  command.option('-v, --verbose', 'llama.cpp’s log on standard error');

  addSamplingFlags(command);
  return command;
}

/** Where an answer ends, and what it is drawn with. */
export function addAnswerFlags(command: Command): void {
  command.addOption(
    valueOption('-n, --predict <count>', 'the most tokens to write (to the end of the context)', count),
  );
  command.addOption(listOption('--stop <text>', 'end the answer before this text', anyText));
  command.addOption(
    listOption('--ban-string <text>', 'write another way around this text, whatever its case', anyText),
  );
  command.option('--ignore-eos', 'go on where the model would end its answer');
  command.addOption(valueOption('-s, --seed <number>', 'makes the answer repeatable (drawn, and told)', count));
}

function addSpeculationFlags(command: Command): void {
  command.optionsGroup('Speculation:');
  addModeFlag(command);
  addDraftingFlags(command);
  command.option('--prediction <path>', 'a file with text that the answer is likely to repeat');
  addStrictFlag(command);
}

export function addModeFlag(command: Command): void {
  const mode = 'both models, the target alone, the draft model alone, or whichever the request deserves';
  command.addOption(valueOption(`--mode <${MODES.join('|')}>`, mode, oneOf(MODES)));
}

export function addStrictFlag(command: Command): void {
  command.option('--strict', 'with and without drafts the same text, bit for bit, for some speed');
}

/** How drafts are made and judged, which may be another way for each request. */
export function addDraftingFlags(command: Command): void {
  command.addOption(valueOption('--draft-max <count>', 'the most tokens of a draft; 0: no drafts (16)', count));
  command.addOption(
    valueOption(
      '--draft-min <count>',
      'drafted in any case; equal to --draft-max: a fixed length (the length adapts)',
      count,
    ),
  );
  command.addOption(
    valueOption('--draft-p-min <share>', 'drafting ends when the draft model is less sure (the length adapts)', share),
  );
  command.addOption(
    valueOption('--drafters <names>', `who may draft: some of ${DRAFTER_KINDS.join(', ')} (all)`, drafterKinds),
  );
  const rules = VERIFICATION_RULES.join('|');
  command.addOption(
    valueOption(
      `--verification <${rules}>`,
      'how drafts are judged (match with a seed, else auto)',
      oneOf(VERIFICATION_RULES),
    ),
  );
  command.addOption(
    valueOption(
      '--leniency <share>',
      'above 0 drafts that are nearly as good stay, and the text is no longer the target’s own (0)',
      share,
    ),
  );
}

/**
 * What to generate.
 * @param prediction the text of the file that `--prediction` names
 * @throws OutriderError invalid_argument
 */
export function requestFrom(flags: RunFlags, text: string, prediction?: string): GenerationRequest {
  return { prompt: promptFrom(flags, text), ...wishesFrom(flags), ...given({ prediction }) };
}

/**
 * All of a request but what to go on from.
 * @throws OutriderError invalid_argument
 */
export function wishesFrom(flags: RunFlags): Omit<GenerationRequest, 'prompt' | 'drafter' | 'length'> {
  return {
    sampling: given(samplingFromFlags(flags)),
    draft: given({
      max: flags.draftMax,
      min: flags.draftMin,
      minConfidence: flags.draftPMin,
      drafters: flags.drafters,
      leniency: flags.leniency,
    }),
    ...given({
      mode: flags.mode,
      maxTokens: flags.predict,
      keepTokens: flags.keep === 'all' ? 'prompt' : flags.keep,
      stop: flags.stop,
      bannedStrings: flags.banString,
      logprobs: flags.logprobs,
      ignoreEndOfText: flags.ignoreEos,
      seed: flags.seed,
      verification: flags.verification,
    }),
  };
}

function promptFrom({ chat, system }: RunFlags, text: string): Prompt {
  const user = { role: 'user', content: text };
  if (chat) return { messages: system === undefined ? [user] : [{ role: 'system', content: system }, user] };
  if (system === undefined) return { text };
  throw new OutriderError('invalid_argument', '--system: expected --chat with it, since only a chat has messages');
}
