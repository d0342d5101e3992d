import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ModelDescription } from '../engine/service.js';
import { FakeService, says } from '../server/testing/fake-service.js';
import { runProgram } from './program.js';
import { screen } from './testing/screen.js';
import { type StageOptions, stage } from './testing/surroundings.js';
import { RecordingSink } from './testing/text-sink.js';

const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  main: ['One', ' two', ' three'],
  draft: ['One', ' too'],
  smaller: ['Won'],
};

/** Two draft models, of which each token but the first the target would have written otherwise. */
function pair(drafts: readonly string[] = ['draft']): FakeService {
  const service = new FakeService((request, signal) => says(ANSWERS[request.writer ?? 'main']!)(request, signal));
  const [model] = service.description.drafts;
  Object.assign(service.description, {
    drafts: drafts.map((name): ModelDescription => ({ ...model!, name })),
  });
  const bytes = (text: string) => new TextEncoder().encode(text);
  // Answers are told apart by their lengths.
  const answerOf = (length: number) => Object.values(ANSWERS).find((texts) => texts.length === length)!;
  service.pieces = async (tokens) => answerOf(tokens.length).map(bytes);
  service.scoring = async ({ tokens, mode, writtenBy, writer }) => ({
    tokens: tokens.map((token, i) => ({
      token,
      bytes: bytes(ANSWERS[writtenBy ?? writer ?? 'draft']![i]!),
      logprob: Math.log(0.5),
      rank: mode === 'draft' ? 0 : i,
      entropy: 1,
      probability: mode === 'draft' ? 1 : Number(i === 0),
      top: [{ token: 1, bytes: bytes(' two'), logprob: Math.log(0.4) }],
    })),
    promptTokens: 4,
    cachedTokens: 0,
    ms: 5,
  });
  return service;
}

class Terminal extends RecordingSink {
  readonly rows = 24;
  readonly columns: number;

  constructor(columns: number) {
    super({ isTTY: true });
    this.columns = columns;
  }
}

async function compared(argv: readonly string[], options: StageOptions = {}) {
  const { surroundings, stdout, stderr, loaded } = stage({ service: pair(), ...options });
  const code = await runProgram(['compare', ...argv], surroundings);
  return { code, out: stdout.text, err: stderr.text, loaded };
}

async function fileOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outrider-compare-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'prompts.jsonl');
  await writeFile(path, text);
  return path;
}

const ESCAPE = '\x1b';

describe('a prompt and a draft model', () => {
  it('are shown in a pipe one side after the other, without an escape code', async () => {
    const { code, out, err } = await compared(['Once', '-n', '9', '--temp', '0'], { env: {} });
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain(ESCAPE);
    const lines = out.split('\n');
    expect(lines.slice(0, 5)).toEqual(['main: main', 'One two three', '', 'draft: draft', 'One too']);
    expect(lines).toContain('One too[two]');
    expect(out).toContain('agreement: 1 of 2 tokens, expected acceptance 50.0 %');
    expect(out).toContain('the texts part at token 2: main wrote " two", draft wrote " too"');
    expect(out).toMatch(/tokens\s+3\s+2\n/);
    expect(out).not.toContain('both wrote at once');
  });

  it('are shown side by side on a wide terminal, tokens in colours', async () => {
    const stdout = new Terminal(120);
    await compared(['Once'], { stdout, env: {} });
    const lines = screen(stdout.text);
    expect(lines[0]).toMatch(/^main: main +│ draft: draft$/);
    expect(lines[2]).toMatch(/^One two three +│ One too$/);
    expect(stdout.text).toContain(`${ESCAPE}[32mOne${ESCAPE}[39m`);
    expect(lines).toContain('both wrote at once: each is faster alone');
  });

  it('are shown without colours where none are wanted, and one after the other where the cursor cannot move', async () => {
    const plain = new Terminal(120);
    await compared(['Once'], { stdout: plain, env: { NO_COLOR: '1' } });
    expect(plain.text).not.toContain(`${ESCAPE}[3`);
    for (const [columns, TERM] of [
      [99, 'xterm'],
      [120, 'dumb'],
    ] as const) {
      const stdout = new Terminal(columns);
      await compared(['Once'], { stdout, env: { TERM } });
      expect(screen(stdout.text).slice(0, 2)).toEqual(['main: main', 'One two three']);
    }
  });

  it('ask both for the same: prompt, template, sampling, seed, at most 256 tokens', async () => {
    const service = pair();
    await compared(['Hi', '--chat', '--system', 'Be brief.', '--temp', '0.5', '--seed', '7'], { service });
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ];
    expect(service.requests).toMatchObject(
      ['main', 'draft'].map((mode) => ({
        mode,
        prompt: { messages },
        seed: 7,
        maxTokens: 256,
        sampling: { temperature: 0.5 },
      })),
    );
    expect(service.closed).toBe(true);
  });

  it('take the prompt from standard input, and make one JSON object', async () => {
    const { out } = await compared(['--json'], { stdin: Readable.from([Buffer.from('Once\n')]) });
    expect(JSON.parse(out)).toMatchObject({
      prompt: { text: 'Once' },
      draft: 'draft',
      sides: [
        { side: 'main', model: 'main', text: 'One two three', tokens: 3 },
        { side: 'draft', model: 'draft', text: 'One too', tokens: 2 },
      ],
      divergence: { token: 1, character: 5 },
      agreement: { judged: 2, accepted: 1 },
      tokens: [{ text: 'One' }, { text: ' too', wanted: ' two' }],
    });
  });
});

describe('several prompts or draft models', () => {
  it('become a table; the target answers each prompt once', async () => {
    const service = pair(['draft', 'smaller']);
    const path = await fileOf(
      '"Once"\n\n{"prompt": "Twice"}\n{"messages": [{"role": "user", "content": "Hi"}], "id": 3}\n',
    );
    const { code, out } = await compared(['--file', path], { service });
    expect(code).toBe(0);
    const rows = out.split('\n');
    expect(rows[0]).toMatch(
      /^prompt +draft model +tokens +agree +acceptance +predicted +parts at +main t\/s +draft t\/s$/,
    );
    expect(rows[1]).toMatch(/^Once +draft +2 +50\.0 % +50\.0 % +\S+x at \d+ +2 +/);
    expect(rows[2]).toMatch(/^Once +smaller +1 +100\.0 % /);
    expect(rows[7]).toMatch(/^all prompts +draft +6 +50\.0 % +50\.0 % +\S+x +0 same +/);
    expect(rows[8]).toMatch(/^all prompts +smaller +3 +100\.0 % /);
    expect(service.requests.filter(({ mode }) => mode === 'main')).toHaveLength(3);
    expect(service.requests.filter(({ mode }) => mode === 'draft')).toHaveLength(6);
    expect(service.requests.at(-1)).toMatchObject({ prompt: { messages: [{ content: 'Hi' }] } });
  });

  it('become a JSON object a line', async () => {
    const path = await fileOf('"Once"\n"Twice"\n');
    const { out } = await compared(['--file', path, '--json']);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).prompt.text),
    ).toEqual(['Once', 'Twice']);
  });

  it('tell of what was done when they are interrupted', async () => {
    const service = pair();
    const { scoring } = service;
    const { surroundings, stdout, interrupt } = stage({ service });
    service.scoring = async (request, signal) => {
      if (request.prompt && 'text' in request.prompt && request.prompt.text === 'Twice') interrupt();
      return scoring(request, signal);
    };
    const path = await fileOf('"Once"\n"Twice"\n"Never"\n');
    expect(await runProgram(['compare', '--file', path], surroundings)).toBe(130);
    expect(stdout.text).toMatch(/\nOnce /);
    expect(service.requests.some(({ prompt }) => 'text' in prompt && prompt.text === 'Never')).toBe(false);
    expect(service.closed).toBe(true);
  });
});

describe('comparing refuses', () => {
  const wrong: Record<string, string> = {
    'no JSON': 'Once',
    'a number': '7',
    'no prompt': '{"text": "Once"}',
    'no message': '{"messages": []}',
  };
  for (const [name, line] of Object.entries(wrong)) {
    it(`${name}, by its line, before anything is loaded`, async () => {
      const { code, err, loaded } = await compared(['--file', await fileOf(`"Once"\n${line}\n`)]);
      expect(code).toBe(2);
      expect(err).toMatch(/prompts\.jsonl:2: expected a JSON text/);
      expect(loaded).toEqual([]);
    });
  }

  it('a file without prompts, two prompts, a system message outside a chat, and a target without draft models', async () => {
    expect((await compared(['--file', await fileOf('\n')])).err).toContain('expected a prompt a line, got none');
    expect((await compared(['Once', '--file', 'x'])).err).toContain('got both');
    expect((await compared(['Once', '--system', 'x'])).err).toContain('--system: expected --chat');
    expect((await compared(['Once'], { service: pair([]) })).err).toContain('comparing needs a draft model');
    expect((await compared(['Once', '--json'], { service: pair([]) })).err).toContain('comparing needs a draft model');
  });
});
