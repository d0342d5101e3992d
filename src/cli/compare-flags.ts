import type { Command } from 'commander';
import { addModelFlags, type ModelFlags } from './model-flags.js';
import { integer, valueOption } from './options.js';
import { addSamplingFlags } from './sampling-flags.js';

/** What commander makes of the flags of `compare`, save those of sampling. */
export interface CompareFlags extends ModelFlags {
  readonly file?: string;
  readonly chat?: true;
  readonly system?: string;
  readonly predict?: number;
  readonly seed?: number;
  readonly json?: true;
}

const count = integer({ from: 0 });

export function addCompareFlags(command: Command): Command {
  command.optionsGroup('Prompt and answers:');
  command.option('-f, --file <path>', 'many prompts: a JSON text, {"prompt": ...} or {"messages": [...]} a line');
  command.option('--chat', 'a prompt is a user’s message: each model’s chat template goes around it');
  command.option('--system <text>', 'the system message of the chat');
  command.addOption(valueOption('-n, --predict <count>', 'the most tokens of each answer (256)', count));
  command.addOption(valueOption('-s, --seed <number>', 'of both models (drawn, and told)', count));
  addModelFlags(command);
  command.optionsGroup('Output:');
  command.option('--json', 'one JSON object a line for each prompt and draft model');
  addSamplingFlags(command);
  return command;
}
