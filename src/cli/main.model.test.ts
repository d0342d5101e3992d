import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LlamaBackend, openBackend } from '../llama/index.js';
import { DRAFT, outrider, TARGET } from './testing/spawn.js';

// One thread: threads that wait for each other by spinning are slow where something else runs beside the tests.
const COUNT = ['run', 'Count from 1 to 20.', '--chat', '--temp', '0', '--threads', '1'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('outrider run', () => {
  it('prints one JSON object in which every drafted token is accounted for', async () => {
    const { code, stdout, stderr } = await outrider([...COUNT, '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({
      text: expect.stringContaining('18, 19, 20'),
      finishReason: 'stop',
      mode: 'speculative',
      seedOrigin: 'drawn',
      verification: 'match',
      models: { target: { name: 'main-q8_0', path: TARGET }, draft: { name: 'draft-q8_0', path: DRAFT } },
      notes: [],
    });
    expect(answer.tokens).toHaveLength(answer.completionTokens);
    expect(Object.keys(answer.timings)).toEqual(
      expect.arrayContaining(['promptMs', 'predictedMs', 'predictedPerSecond', 'loadMs']),
    );
    const { drafted, accepted, rejected, discarded, rounds, recovered, bonus, plain, perPosition } = answer.speculation;
    expect(drafted).toBeGreaterThan(0);
    expect(drafted).toBe(accepted + rejected + discarded);
    expect(rounds).toBe(recovered + bonus + plain);
    const total = (count: 'judged' | 'accepted') =>
      perPosition.reduce((sum: number, position: Record<typeof count, number>) => sum + position[count], 0);
    expect([total('judged'), total('accepted')]).toEqual([accepted + rejected, accepted]);
  });

  it('writes plain text into a pipe and the rest to standard error', async () => {
    const { code, stdout, stderr } = await outrider([...COUNT, '-n', '40', '--debug']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1, 2, 3, [\d, ]+$/);
    expect(stderr).toMatch(/^round 1 .*drafted \d+ \[.*\] {2}actual \[.*\] {2}PASS/m);
    expect(stderr).toMatch(/acceptance rate .* of the judged tokens, draft efficiency .* of the drafted/);
    expect(stdout + stderr).not.toContain('\x1b');
  });

  it('gives the text of --mode main at the edges of the draft length, and clamps with a word', async () => {
    const run = async (...flags: string[]) => {
      const { code, stdout } = await outrider([...COUNT, '--json', '-n', '24', ...flags]);
      expect(code).toBe(0);
      return JSON.parse(stdout);
    };
    const main = await run('--mode', 'main');
    for (const length of [0, 1, 512, 100_000]) {
      const { text, speculation, notes } = await run('--draft-max', String(length), '--draft-p-min', '0.1');
      expect(text).toBe(main.text);
      expect(speculation.drafted > 0).toBe(length > 0);
      expect(speculation.draftMax).toBe(Math.min(length, 63));
      expect(notes.join()).toMatch(length > 63 ? /a pass verifies at most 63/ : /^$/);
    }
  });

  it('writes valid UTF-8 also for bytes that never become a character', async () => {
    // 247 is the embedded vocabulary's byte token <0xF0>.
    const argv = ['run', 'Once upon a time', '--temp', '0', '--logit-bias', '247+100', '-n', '3'];
    const { code, stdout } = await outrider(argv);
    expect([code, stdout]).toEqual([0, '\uFFFD\uFFFD\uFFFD']);
    expect(JSON.parse((await outrider([...argv, '--json'])).stdout)).toMatchObject({
      text: stdout,
      completionTokens: 3,
      finishReason: 'length',
    });
  });

  it('ends quietly when the reader has seen enough', async () => {
    const outcome = await outrider(['run', 'Once upon a time', '--ignore-eos'], {
      onText: (child) => child.stdout.destroy(),
    });
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
  });

  it.skipIf(process.platform === 'win32')('ends at Ctrl-C with its statistics', async () => {
    const { code, stdout, stderr } = await outrider(['run', 'Once upon a time', '--ignore-eos'], {
      onText: (child) => child.kill('SIGINT'),
    });
    expect(code).toBe(130);
    expect(stdout).not.toBe('');
    expect(stderr).toMatch(/ended by: aborted/);
  });

  it('needs no home, no environment and no ASCII', async () => {
    const odd = join(folder, 'тест 目录　ü ~ \'"$(x)');
    await mkdir(odd);
    const [target, draft, trace] = ['main ü.gguf', 'draft 目录.gguf', 'trace ~.jsonl'].map((name) => join(odd, name));
    await symlink(TARGET, target!);
    await symlink(DRAFT, draft!);
    const usual = await outrider([...COUNT, '--json']);
    const unusual = await outrider([...COUNT, '--json', '-m', target!, '-md', 'draft 目录.gguf', '--trace', trace!], {
      env: { HOME: '/nonexistent', TMPDIR: odd },
      cwd: odd,
    });
    expect([unusual.code, unusual.stderr]).toEqual([0, '']);
    const answer = JSON.parse(unusual.stdout);
    expect(answer.text).toBe(JSON.parse(usual.stdout).text);
    expect(answer.models).toEqual({
      target: { name: 'main ü', path: target },
      draft: { name: 'draft 目录', path: 'draft 目录.gguf' },
    });
    const events = (await readFile(trace!, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect([events[0], events.at(-1)]).toEqual(['start', 'finish']);
  });
});

describe('bad inputs', () => {
  /** A model file that begins like the embedded target, changed. */
  async function damaged(name: string, change: (bytes: Buffer) => Buffer): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, change(await readFile(TARGET)));
    return path;
  }

  /** Overwrites bytes at `offset`. */
  const patch =
    (offset: number, ...bytes: number[]) =>
    (file: Buffer): Buffer => {
      file.set(bytes, offset);
      return file;
    };

  it.each([
    ['is missing', () => join(folder, 'missing.gguf'), 2],
    ['is a folder', () => folder, 2],
    ['is empty', () => damaged('empty.gguf', () => Buffer.of()), 1],
    ['is no GGUF file', () => damaged('text.gguf', () => Buffer.from('Once upon a time')), 1],
    ['ends in its header', () => damaged('header.gguf', (file) => file.subarray(0, 2000)), 1],
    ['ends in its weights', () => damaged('half.gguf', (file) => file.subarray(0, file.length / 2)), 1],
    ['is of an unknown version', () => damaged('version.gguf', patch(4, 99)), 1],
    ['promises 2^56 tensors', () => damaged('tensors.gguf', patch(15, 1)), 1],
    ['promises 2^56 keys', () => damaged('keys.gguf', patch(23, 1)), 1],
    ['has only a vocabulary', () => damaged('vocabulary.gguf', patch(8, 0, 0, 0, 0, 0, 0, 0, 0)), 1],
  ])('a model that %s is one line with its name', async (_, make, expected) => {
    const path = await make();
    for (const argv of [
      ['run', 'hi', '-n', '4', '-m', path],
      ['inspect', path, DRAFT],
    ]) {
      const { code, stderr } = await outrider(argv);
      expect(stderr).toMatch(/^outrider: [^\n]+\n$/);
      expect(stderr).toContain(path);
      expect(code).toBe(expected);
    }
  });

  it.each([
    [
      'a prompt beyond the context',
      ['run', 'one two three '.repeat(20), '-c', '16'],
      /the prompt has 62 tokens and the context holds 16, answer included/,
    ],
    ['an absurd context', ['run', 'hi', '-c', '99999999999'], /--ctx-size: expected an integer from 8 to/],
    ['600 threads', ['run', 'hi', '-t', '600'], /--threads: expected an integer from 1 to 512, got 600/],
    ['a negative count', ['run', 'hi', '-n', '-5'], /--predict: expected/],
    ['an empty stop string', ['run', 'hi', '--stop', ''], /--stop: expected/],
    [
      'a minimum above the maximum',
      ['run', 'hi', '--draft-min', '8', '--draft-max', '3'],
      /--draft-min: expected at most .* 3, got 8/,
    ],
    [
      'a seed that could not be kept',
      ['run', 'hi', '--seed', '7', '--verification', 'block'],
      /--verification: .*a given seed/,
    ],
    ['a token that there is not', ['run', 'hi', '--ban-token', '4096'], /token.* 4096/],
    ['the draft alone, without one', ['run', 'hi', '-m', TARGET, '--mode', 'draft'], /mode draft needs a draft model/],
    ['an unknown sampler', ['run', 'hi', '--samplers', 'nonsense'], /--samplers: unknown sampler 'nonsense'/],
    ['an unknown flag', ['run', 'hi', '--nonsense'], /unknown option '--nonsense'/],
  ])('%s: one line and exit code 2', async (_, argv, message) => {
    const { code, stdout, stderr } = await outrider(argv);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .filter((line) => !line.startsWith('note: ')),
    ).toHaveLength(1);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('broken UTF-8 on standard input is told with its place', async () => {
    const { code, stderr } = await outrider(['run'], { stdin: Buffer.from([0x68, 0x69, 0xff]) });
    expect([code, stderr]).toEqual([
      2,
      'outrider: standard input: expected UTF-8, got something else from byte 2 on\n',
    ]);
  });
});

describe('variants of the embedded pair', () => {
  let backend: LlamaBackend;
  beforeAll(async () => {
    backend = await openBackend();
  });
  afterAll(() => backend.close());

  const variant = async (source: string, name: string, changes: Parameters<LlamaBackend['rewriteGguf']>[2]) =>
    backend.rewriteGguf(source, join(folder, name), changes);

  it('a template that cannot be parsed: plain text goes on as ever, a chat with a word about its format', async () => {
    const broken = { type: 'string', value: '{{ messages[0' } as const;
    const [path] = await variant(TARGET, 'template.gguf', { set: { 'tokenizer.chat_template': broken } });
    const answer = await outrider(['run', 'Once upon a time', '-n', '4', '-m', path!, '--mode', 'main']);
    expect(answer.code).toBe(0);
    const { code, stdout } = await outrider(['inspect', path!]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/chat format +[^;]+; .* is used instead/)]);
    const chat = await outrider(['run', 'hi', '--chat', '-n', '4', '-m', path!, '--mode', 'main', '--json']);
    expect(chat.code).toBe(0);
    expect(JSON.parse(chat.stdout).notes.join()).toContain('is used instead');
  });

  it('a draft model that does not fit is refused, or left out when it may be', async () => {
    const { metadata } = await backend.readGguf(DRAFT);
    const { length } = metadata.get('tokenizer.ggml.tokens') as { length: number };
    // Its byte tokens, 7 to 262, have to stay: without them there is no tokenizer.
    const byte = (id: number) => `<0x${(id - 7).toString(16).toUpperCase().padStart(2, '0')}>`;
    const strange = Array.from({ length }, (_, id) => (id >= 7 && id < 263 ? byte(id) : `word${id}`));
    const [path] = await variant(DRAFT, 'stranger.gguf', {
      set: { 'tokenizer.ggml.tokens': { type: 'array', of: 'string', values: strange } },
    });
    const refused = await outrider([...COUNT, '-md', path!]);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/^outrider: stranger as a draft for main-q8_0: [^\n]*--draft-optional[^\n]*\n$/);
    const { code, stdout } = await outrider([...COUNT, '-md', path!, '--draft-optional', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ mode: 'speculative', models: { draft: null } });
    const pair = JSON.parse((await outrider(['inspect', TARGET, path!, '--json'])).stdout).pair;
    expect(pair).toMatchObject({ fits: false, reason: expect.stringContaining('90 %') });
    expect(pair.differing.count).toBeGreaterThan(3000);
  });

  it('a split model is one model, whichever part is named', async () => {
    const parts = await variant(TARGET, 'split.gguf', { parts: 2 });
    expect(parts).toHaveLength(2);
    const whole = JSON.parse((await outrider([...COUNT, '-n', '12', '--json'])).stdout);
    for (const part of parts) {
      const { code, stdout } = await outrider([...COUNT, '-n', '12', '--json', '-m', part, '-md', DRAFT]);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).text).toBe(whole.text);
    }
    const report = JSON.parse((await outrider(['inspect', parts[1]!, '--json'])).stdout).models[0];
    expect(report).toMatchObject({ paths: parts, tensorCount: 74 });
  });
});

describe('outrider inspect', () => {
  it('says that the embedded pair fits, with what a program needs', async () => {
    const { code, stdout, stderr } = await outrider(['inspect', TARGET, DRAFT, '--json']);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      models: [
        {
          paths: [TARGET],
          architecture: 'llama',
          trainedContext: 2048,
          weights: [{ type: 'q8_0' }, { type: 'f32' }],
          chatTemplate: { used: 'file' },
          metadata: { 'tokenizer.ggml.tokens': { arrayOf: 'string', length: 4096 } },
          vocabulary: {
            type: 'spm',
            size: 4096,
            special: expect.arrayContaining([{ role: 'bos', id: 1, text: '<s>' }]),
          },
        },
        { paths: [DRAFT] },
      ],
      pair: { fits: true, reason: null, equalIds: 4096, sharedIds: 4096, maskedTokens: 0, sameArchitecture: true },
      machine: {
        llama: { version: '0.5.0' },
        devices: expect.arrayContaining([expect.objectContaining({ kind: 'cpu' })]),
      },
    });
  });

  it('shows what a file says also when the model cannot be loaded', async () => {
    const path = join(folder, 'half of it.gguf');
    await writeFile(path, (await readFile(TARGET)).subarray(0, 5_000_000));
    const { code, stdout, stderr } = await outrider(['inspect', path]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/name +Outrider Tiny Main/);
    expect(stdout).toMatch(/cannot be loaded +.*truncated/);
    expect(stderr).toMatch(/^outrider: .*half of it\.gguf is truncated/);
  });

  it('tells about the machine without any model', async () => {
    const { code, stdout } = await outrider(['inspect']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/llama\.cpp +0\.5\.0 in /);
  });
});
