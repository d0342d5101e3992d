import { MODES, type Mode } from '../engine/events.js';

/** What a line of a chat asks for. */
export type ChatCommand =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'mode'; readonly mode: Mode | undefined }
  | { readonly kind: 'compare'; readonly text: string | undefined }
  | { readonly kind: 'stats' }
  | { readonly kind: 'save'; readonly path: string | undefined }
  | { readonly kind: 'load'; readonly path: string }
  | { readonly kind: 'system'; readonly text: string | undefined }
  | { readonly kind: 'clear' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'set'; readonly name: string | undefined; readonly value: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' }
  /** Not understood, and why. */
  | { readonly kind: 'wrong'; readonly problem: string };

interface CommandHelp {
  /** What stands behind the name. */
  readonly operand: string;
  readonly about: string;
  readonly read: (operand: string | undefined) => ChatCommand;
}

const needs =
  (name: string, make: (operand: string) => ChatCommand) =>
  (operand: string | undefined): ChatCommand =>
    operand === undefined
      ? { kind: 'wrong', problem: `${name}: expected ${name === '/load' ? 'a file' : 'more'}` }
      : make(operand);

const COMMANDS: Readonly<Record<string, CommandHelp>> = {
  '/mode': {
    operand: '[mode]',
    about: `who writes from now on: ${MODES.join(', ')}`,
    read: readMode,
  },
  '/compare': {
    operand: '[message]',
    about: 'the last message, or this one, answered by both models; the chat stays as it is',
    read: (text) => ({ kind: 'compare', text }),
  },
  '/retry': { operand: '', about: 'another answer to the last message', read: () => ({ kind: 'retry' }) },
  '/system': {
    operand: '[text]',
    about: 'the system message from now on; without a text: none',
    read: (text) => ({ kind: 'system', text }),
  },
  '/set': {
    operand: '[name [value]]',
    about: 'set a flag, as in /set temp 0.7; without a value: as if unset; without a name: what is set',
    read: readSetting,
  },
  '/stats': { operand: '', about: 'what the last answer took, and the whole chat', read: () => ({ kind: 'stats' }) },
  '/save': {
    operand: '[file]',
    about: 'write the chat to a file (without a name: that of --save)',
    read: (path) => ({ kind: 'save', path }),
  },
  '/load': {
    operand: '<file>',
    about: 'go on with a saved chat',
    read: needs('/load', (path) => ({ kind: 'load', path })),
  },
  '/clear': { operand: '', about: 'begin anew, with the same system message', read: () => ({ kind: 'clear' }) },
  '/help': { operand: '', about: 'this', read: () => ({ kind: 'help' }) },
  '/quit': {
    operand: '',
    about: 'leave; so do Ctrl-D, and Ctrl-C where nothing is written',
    read: () => ({ kind: 'quit' }),
  },
};

/** `//text` says `/text`. */
export function readCommand(line: string): ChatCommand {
  if (line.trim() === '') return { kind: 'nothing' };
  if (line.startsWith('//')) return { kind: 'say', text: line.slice(1) };
  if (!line.startsWith('/')) return { kind: 'say', text: line };
  const [, name = line, operand = ''] = /^(\/\S*)\s*(.*)$/s.exec(line) ?? [];
  const command = COMMANDS[name];
  if (command === undefined || !Object.hasOwn(COMMANDS, name)) {
    return {
      kind: 'wrong',
      problem: `there is no ${name}; /help shows what there is (// begins a message with a slash)`,
    };
  }
  return command.read(operand.trim() === '' ? undefined : operand.trim());
}

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

export function helpLines(): readonly string[] {
  const names = Object.entries(COMMANDS).map(([name, { operand }]) => `${name} ${operand}`.trim());
  const width = Math.max(...names.map((name) => name.length));
  return [
    ...Object.values(COMMANDS).map(({ about }, i) => `  ${names[i]!.padEnd(width)}  ${about}`),
    '  A line that ends in \\ goes on in the next; pasted lines are one message. Ctrl-C stops an answer.',
  ];
}

function readMode(operand: string | undefined): ChatCommand {
  const mode = MODES.find((one) => one === operand);
  if (operand !== undefined && mode === undefined) {
    return { kind: 'wrong', problem: `/mode: expected one of ${MODES.join(', ')}, got '${operand}'` };
  }
  return { kind: 'mode', mode };
}

function readSetting(operand: string | undefined): ChatCommand {
  const [, name, value] = /^(\S+)\s*(.*)$/s.exec(operand ?? '') ?? [];
  return { kind: 'set', name: name?.replace(/^--?/, ''), value: value === '' ? undefined : value };
}
