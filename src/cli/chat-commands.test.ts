import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChatCommand, COMMAND_NAMES, helpLines, readCommand } from './chat-commands.js';

const LINES: Record<string, ChatCommand> = {
  Hello: { kind: 'say', text: 'Hello' },
  '//etc/hosts': { kind: 'say', text: '/etc/hosts' },
  '  ': { kind: 'nothing' },
  '/mode': { kind: 'mode', mode: undefined },
  '/mode  draft ': { kind: 'mode', mode: 'draft' },
  '/mode both': { kind: 'wrong', problem: expect.stringContaining('/mode: expected one of speculative, main') },
  '/compare': { kind: 'compare', text: undefined },
  '/compare one\ntwo': { kind: 'compare', text: 'one\ntwo' },
  '/system Be brief.': { kind: 'system', text: 'Be brief.' },
  '/system': { kind: 'system', text: undefined },
  '/set': { kind: 'set', name: undefined, value: undefined },
  '/set temp': { kind: 'set', name: 'temp', value: undefined },
  '/set --temp 0.7': { kind: 'set', name: 'temp', value: '0.7' },
  '/set stop two words': { kind: 'set', name: 'stop', value: 'two words' },
  '/save': { kind: 'save', path: undefined },
  '/load a b.json': { kind: 'load', path: 'a b.json' },
  '/load': { kind: 'wrong', problem: '/load: expected a file' },
  '/retry': { kind: 'retry' },
  '/clear': { kind: 'clear' },
  '/stats': { kind: 'stats' },
  '/help': { kind: 'help' },
  '/quit': { kind: 'quit' },
  '/constructor': { kind: 'wrong', problem: expect.stringContaining('there is no /constructor') },
  '/': { kind: 'wrong', problem: expect.stringContaining('there is no /') },
};

test.each(Object.entries(LINES))('%j', (line, command) => {
  expect(readCommand(line)).toEqual(command);
});

test('whatever does not begin with a slash is said as it is', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (text) => {
      fc.pre(text.trim() !== '' && !text.startsWith('/'));
      expect(readCommand(text)).toEqual({ kind: 'say', text });
      expect(readCommand(`//${text}`)).toEqual({ kind: 'say', text: `/${text}` });
    }),
  );
});

test('the help has a line for each command, and fits a terminal', () => {
  const lines = helpLines();
  for (const name of COMMAND_NAMES) expect(lines.some((line) => line.trim().startsWith(name))).toBe(true);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
});
