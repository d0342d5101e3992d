import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_RULES } from '../routing/index.js';
import { runProgram } from './program.js';
import { type StageOptions, stage } from './testing/surroundings.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider route ü '));
});
afterAll(() => rm(folder, { recursive: true }));

const file = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return name;
};

async function outrider(argv: readonly string[], options: StageOptions = {}) {
  const set = stage({ folder, ...options });
  const code = await runProgram(['route', ...argv], set.surroundings);
  return { code, out: set.stdout.text, err: set.stderr.text, loaded: set.loaded };
}

const LINES = [
  { messages: [{ role: 'user', content: 'Write a title for this chat: \u001b[31mhello' }] },
  { label: 'target', request: { prompt: 'Explain why the sky is blue in detail.', reasoning_effort: 'high' } },
  { label: 'draft', request: { messages: [{ role: 'user', content: 'Is that so, or is it not?' }] } },
  { label: 'target', request: { prompt: 'Well' } },
].map((line) => JSON.stringify(line));

describe('--explain', () => {
  test('says of every request where it would go, by which rule and why', async () => {
    const name = await file('requests.jsonl', `${LINES.join('\n')}\n\n`);
    const { code, out, loaded } = await outrider(['--explain', name]);
    const [heading, ...rows] = out.split('\n');
    expect(heading).toMatch(/^line +decision +rule +reason$/);
    expect(rows[0]).toMatch(/^ +1 +draft +title +a title for a chat +Write a title/);
    expect(rows[1]).toMatch(/^ +2 +✓ +target +high-effort +\S.*Explain why/);
    expect(rows[2]).toMatch(/^ +3 +✗ +undecided +none/);
    expect(rows[3]).toMatch(/^ +4 +✓ +undecided +none/);
    expect(rows[4]).toBe('4 requests by the default rules: 1 draft, 1 target, 2 undecided');
    expect(rows[5]).toBe('2 of 3 as labelled (66.7 %); undecided counts as target');
    expect(out).not.toContain('\u001b');
    expect(loaded).toEqual([]);
    expect(code).toBe(0);
  });

  test('no line is wider than the terminal', async () => {
    const stdout = Object.assign(stage().stdout, { columns: 80 });
    const long = JSON.stringify({ prompt: 'lengthy '.repeat(100), max_tokens: 4 });
    const { out } = await outrider(['--explain', '-'], { stdin: Readable.from([long]), stdout });
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('--json for programs, from standard input', async () => {
    const { out } = await outrider(['--explain', '-', '--json'], { stdin: Readable.from([LINES.join('\n')]) });
    const { requests, totals, right } = JSON.parse(out);
    expect(requests[1]).toMatchObject({ line: 2, to: 'target', rule: 'high-effort', label: 'target', right: true });
    expect(requests[0]).not.toHaveProperty('label');
    expect(totals).toEqual({ draft: 1, target: 1, undecided: 2 });
    expect(right).toEqual({ count: 2, of: 3 });
  });

  test('is coloured where colours are wanted', async () => {
    const { out } = await outrider(['--explain', '-'], {
      stdin: Readable.from([LINES[1]!]),
      env: { FORCE_COLOR: '1' },
    });
    expect(out).toContain('\u001b[36mtarget');
  });

  test('of nothing there is nothing to say', async () => {
    const { code, out } = await outrider(['--explain', '-'], { stdin: Readable.from([]) });
    expect(out).toBe('0 requests by the default rules: 0 draft, 0 target, 0 undecided\n');
    expect(code).toBe(0);
  });
});

describe('rules', () => {
  const rules = [{ name: 'all', to: 'target', when: {} }];

  test('are shown, and as JSON they can be read again', async () => {
    const shown = await outrider([]);
    expect(shown.out).toMatch(/^ ?1 {2}target +high-effort {2}\S/);
    expect(shown.out).toContain('effort: high, xhigh, max');
    const { out } = await outrider(['--rules', '--json']);
    expect(JSON.parse(out)).toEqual(DEFAULT_RULES);
    const name = await file('copy.json', out);
    expect(JSON.parse((await outrider(['--rules', name, '--json'])).out)).toEqual(DEFAULT_RULES);
  });

  test('of a file decide instead of the default', async () => {
    const name = await file('rules.json', JSON.stringify(rules));
    const { out } = await outrider(['--explain', '-', '--rules', name], { stdin: Readable.from([LINES[0]!]) });
    expect(out).toContain('1 request by rules.json: 0 draft, 1 target, 0 undecided');
  });

  test('of the config file in the folder are those of the server there', async () => {
    const place = await mkdtemp(join(folder, 'configured'));
    await writeFile(join(place, 'outrider.config.json'), JSON.stringify({ port: 1, routes: rules }));
    expect((await outrider([], { folder: place })).out).toMatch(/^1 {2}target +all\n.*outrider\.config\.json/);
    await writeFile(join(place, 'outrider.config.json'), '{"port": 1}');
    expect((await outrider(['--json'], { folder: place })).out).toContain('"high-effort"');
  });
});

describe('what is wrong is told in a line', () => {
  const RULE = { name: 'a', to: 'draft', when: {} };
  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /expected JSON/],
    ['no rules', {}, /expected rules/],
    ['an unknown direction', [{ ...RULE, to: 'both' }], /routes: 0\.to/],
    ['no name', [{ to: 'draft', when: {} }], /routes: 0\.name/],
    ['an unknown condition', [{ ...RULE, when: { asks: 'a' } }], /routes: 0\.when: .*asks/],
    ['a bad pattern', [{ ...RULE, when: { ask: '(' } }], /routes: rule 'a', ask: Invalid regular expression/],
    ['a bad pattern among others', [{ ...RULE, when: { text: ['a', '['] } }], /routes: rule 'a', text: Invalid/],
    ['a bad number', [{ ...RULE, when: { maxTokensAtMost: -1 } }], /routes: 0\.when\.maxTokensAtMost/],
  ])('%s', async (_, content, message) => {
    const name = await file('bad.json', typeof content === 'string' ? content : JSON.stringify(content));
    const { code, out, err } = await outrider(['--rules', name]);
    expect(err).toMatch(/^outrider: bad\.json: [^\n]+\n$/);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, '']);
  });

  test.each([
    ['{"prompt": "a"}\nnonsense', /line 2: expected a JSON object/],
    ['[]', /line 1: expected a JSON object/],
    ['{"input": "a"}', /line 1: expected a request with "messages"/],
    ['{"request": 5}', /line 1: expected a request/],
  ])('%j', async (lines, message) => {
    const { code, out, err } = await outrider(['--explain', '-'], { stdin: Readable.from([lines]) });
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, '']);
  });

  test('a file that is not there', async () => {
    expect((await outrider(['--explain', 'nowhere'])).err).toMatch(/--explain: cannot read .*nowhere \(ENOENT\)/);
    expect((await outrider(['--rules', 'nowhere'])).err).toMatch(/--rules: cannot read .*nowhere \(ENOENT\)/);
  });
});
