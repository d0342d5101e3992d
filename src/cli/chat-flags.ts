import type { Command } from 'commander';
import type { Mode } from '../engine/events.js';
import { addModelFlags, type ModelFlags } from './model-flags.js';
import { addAnswerFlags, addDraftingFlags, addModeFlag, addStrictFlag } from './run-flags.js';
import { addSamplingFlags } from './sampling-flags.js';

/** What commander makes of the flags of `chat`, save those that `wishesFrom` reads. */
export interface ChatFlags extends ModelFlags {
  readonly system?: string;
  readonly mode?: Mode;
  readonly save?: string;
  readonly load?: string;
}

export function addChatFlags(command: Command): Command {
  command.optionsGroup('Chat:');
  command.option('--system <text>', 'the system message');
  command.option('--load <path>', 'go on with a chat that was saved');
  command.option('--save <path>', 'keep the chat in this file, written after every answer');
  addAnswerFlags(command);
  addModelFlags(command);
  command.optionsGroup('Speculation:');
  addModeFlag(command);
  addDraftingFlags(command);
  addStrictFlag(command);
  addSamplingFlags(command);
  return command;
}
