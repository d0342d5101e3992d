/** `chat` and `compare` as users start them. Needs `dist`, which `npm test` builds. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HAS_PSEUDO_TERMINAL, PseudoTerminal } from './testing/pseudo-terminal.js';
import { screen } from './testing/screen.js';
import { outrider } from './testing/spawn.js';

const ONE_THREAD = ['-t', '1', '--threads-draft', '1'];
const GREEDY = [...ONE_THREAD, '--temp', '0'];
const ESCAPE = '\x1b';

describe('outrider chat', () => {
  it('answers the lines of a pipe, by whom they are asked for', async () => {
    const lines = ['Count from 1 to 5.', '/mode main', '/retry', '/mode draft', '/retry', '/stats'];
    const { code, stdout, stderr } = await outrider(['chat', ...GREEDY, '-n', '30'], {
      stdin: `${lines.join('\n')}\n`,
    });
    expect(code).toBe(0);
    const answers = stdout.trimEnd().split('\n');
    expect(answers).toHaveLength(3);
    expect(answers[0]).toBe('1, 2, 3, 4, 5');
    expect(answers[1]).toBe(answers[0]);
    expect(stdout).not.toContain(ESCAPE);
    expect(stderr).toContain('this chat: 3 answers');
  });

  it.skipIf(!HAS_PSEUDO_TERMINAL)('is typed at a terminal: answers, stops, compares, leaves', async () => {
    const terminal = new PseudoTerminal(['chat', ...GREEDY]);
    onTestFinished(() => terminal.kill());
    await terminal.until('> ');
    terminal.type('Count from 1 to 5.\r');
    await terminal.until('tokens/s');
    await terminal.until('> ');
    terminal.type('/set ignore-eos on\r');
    await terminal.until('> ');
    terminal.type('Tell me a long story about a fox.\r');
    await terminal.until('fox');
    await terminal.until(`${ESCAPE}[39m`);
    terminal.type('\x03');
    await terminal.until('stopped');
    await terminal.until('> ');
    terminal.type('/set predict 40\r');
    await terminal.until('> ');
    terminal.type('/compare Count from 1 to 5.\r');
    await terminal.until('agreement: ');
    await terminal.until('> ');
    terminal.type('\x03');
    expect(await terminal.ended()).toBe(0);
    const lines = screen(terminal.output.replaceAll('\r\n', '\n'));
    expect(lines).toContain('1, 2, 3, 4, 5');
    expect(lines.some((line) => /^main: main-q8_0 +│ draft: draft-q8_0$/.test(line))).toBe(true);
  });
});

describe('outrider compare', () => {
  it('shows both answers and what the target thinks, in a pipe without an escape code', async () => {
    const { code, stdout } = await outrider(['compare', 'Once upon a time', ...GREEDY, '-n', '24']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^main: main-q8_0\n/);
    expect(stdout).toMatch(/agreement: \d+ of 24 tokens, expected acceptance \d+\.\d %/);
    expect(stdout).toMatch(/predicted/);
    expect(stdout).not.toContain(ESCAPE);
  });

  it('shows them side by side at a terminal', { skip: !HAS_PSEUDO_TERMINAL }, async () => {
    const terminal = new PseudoTerminal(['compare', 'Once upon a time', ...GREEDY, '-n', '60']);
    onTestFinished(() => terminal.kill());
    expect(await terminal.ended()).toBe(0);
    const lines = screen(terminal.output.replaceAll('\r\n', '\n'));
    const head = lines.findIndex((line) => /^main: main-q8_0 +│ draft: draft-q8_0$/.test(line));
    expect(head).toBeGreaterThanOrEqual(0);
    expect(lines[head + 2]).toMatch(/\S.* │ .*\S/);
    expect(terminal.output).toContain(`${ESCAPE}[32m`);
  });

  it('makes a table of prompts, and an object a line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'outrider-compare-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'prompts.jsonl');
    const heldOut = await readFile(new URL('../../test/fixtures/heldout.jsonl', import.meta.url), 'utf8');
    await writeFile(file, heldOut.split('\n').slice(0, 5).join('\n'));
    const table = await outrider(['compare', '--file', file, ...GREEDY, '-n', '9']);
    expect(table.stdout).toMatch(/\nall prompts +draft-q8_0 +\d+ +\d+\.\d % /);
    const { code, stdout } = await outrider(['compare', '--file', file, ...GREEDY, '-n', '9', '--json']);
    expect(code).toBe(0);
    const objects = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects).toHaveLength(5);
    for (const { sides, agreement } of objects) {
      expect(sides).toHaveLength(2);
      expect(agreement.judged).toBeLessThanOrEqual(9);
    }
  });
});
