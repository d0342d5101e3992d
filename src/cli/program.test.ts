import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate as tick } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutriderError } from '../errors.js';
import { Output } from './output.js';
import { buildProgram, runProgram } from './program.js';
import { finishEvent, shortGeneration, startEvent, textEvent } from './testing/events.js';
import { play, type Stage, type StageOptions, stage } from './testing/surroundings.js';
import { RecordingSink } from './testing/text-sink.js';

interface Outcome extends Stage {
  readonly code: number;
}

async function outrider(argv: readonly string[], options: StageOptions = {}): Promise<Outcome> {
  const set = stage({ script: play(shortGeneration()), ...options });
  const code = await runProgram(argv, set.surroundings);
  return Object.assign(set, { code });
}

/** One line on standard error and nothing on standard output. */
function expectRefusal({ code, stdout, stderr }: Outcome, wanted: { code: number; message: string | RegExp }): void {
  expect(stderr.text).toMatch(/^outrider: [^\n]+\n$/);
  expect(stderr.text).toMatch(wanted.message);
  expect(stdout.text).toBe('');
  expect(code).toBe(wanted.code);
}

describe('outrider', () => {
  it('alone, --help and help show what there is', async () => {
    for (const argv of [[], ['--help'], ['help']]) {
      const { code, stdout } = await outrider(argv);
      expect(code).toBe(0);
      expect(stdout.text).toMatch(/Usage: outrider .*run.*inspect.*Examples:/s);
    }
  });

  it('help run shows flags by group, with examples', async () => {
    const { code, stdout, stderr } = await outrider(['help', 'run']);
    expect(code).toBe(0);
    expect(stdout.text).toMatch(/Speculation:.*--draft-max.*Sampling.*--temp.*Examples:/s);
    expect(stderr.text).toBe('');
  });

  it('--version is the version', async () => {
    expect(await outrider(['--version'])).toMatchObject({ code: 0, stdout: { text: '1.2.3\n' } });
  });

  it.each([
    [['run', 'x', '--nonsense'], /unknown option '--nonsense'/],
    [['run', 'x', '--drft-max', '3'], /Did you mean --draft-max/],
    [['run', 'x', '-fa', 'on'], /unknown option '-fa'/],
    [['rnu'], /unknown command 'rnu' \(Did you mean run/],
    [['-m', 'x', 'run'], /unknown option '-m'|expected a command/],
    [['run', 'x', 'y'], /too many arguments/],
    [['run', 'x', '--seed'], /argument missing/],
    [['run', 'x', '--draft-max', 'abc'], /--draft-max: expected an integer from 0, got 'abc'/],
    [['run', 'x', '--draftamount', '-1'], /--draft-max: expected an integer from 0, got '-1'/],
    [['run', 'x', '--draft-max', ''], /--draft-max: .*got ''/],
    [['run', 'x', '--draft-p-min', '1.5'], /--draft-p-min: expected a number from 0 to 1, got '1.5'/],
    [['run', 'x', '--draft-p-min', 'NaN'], /--draft-p-min/],
    [['run', 'x', '--seed', '9007199254740993'], /--seed: expected an integer from 0, got '9007199254740993'/],
    [['run', 'x', '-ngl', 'some'], /--gpu-layers: expected 'all' or an integer/],
    [['run', 'x', '--mode', 'fast'], /--mode: expected one of speculative, main, draft, auto, got 'fast'/],
    [['run', 'x', '--temp', '-1'], /--temp: expected a number from 0 to 100, got -1/],
    [['run', 'x', '--top-p', '2'], /--top-p: expected a number from 0 to 1, got 2/],
    [['run', 'x', '--samplers', 'top_k;magic'], /--samplers: unknown sampler 'magic'/],
    [['run', 'x', '--sampler-order', '6,x'], /--sampler-order: expected KoboldCpp/],
    [['run', 'x', '--samplers', 'top_k', '--sampler-seq', 'kp'], /--samplers and --sampler-seq/],
    [['run', 'x', '--mirostat', '1'], /--mirostat: expected 0 or 2/],
    [['run', 'x', '--logit-bias', '15'], /--logit-bias: expected a token id, a sign and a bias/],
    [['run', 'x', '--system', 'y'], /--system: expected --chat/],
    [['run', 'x', '--file', 'y'], /got both/],
    [['run'], /no prompt: standard input is empty/],
    [['run', 'x', '--trace', '/nonexistent/trace.jsonl'], /--trace: cannot write .* \(ENOENT\)/],
  ])('%j is refused before anything is loaded', async (argv, message) => {
    const outcome = await outrider(argv);
    expectRefusal(outcome, { code: 2, message });
    expect(outcome.loaded).toEqual([]);
  });

  it('tells an error of the engine in one line, in the names of flags, by its code', async () => {
    const outside = new OutriderError('model_invalid', 'x.gguf:\nis truncated');
    expectRefusal(await outrider(['run', 'x'], { loadError: outside }), { code: 1, message: /x.gguf:\\nis truncated/ });
    const inside = new OutriderError('invalid_argument', 'contextSize: expected more', { parameter: 'contextSize' });
    expectRefusal(await outrider(['run', 'x'], { loadError: inside }), { code: 2, message: /: --ctx-size: expected/ });
  });

  it('shows stacks only when asked to', async () => {
    const bug = new TypeError('x is not a function');
    expectRefusal(await outrider(['run', 'x'], { loadError: bug }), { code: 1, message: /this is a bug/ });
    const asked = await outrider(['run', 'x'], { loadError: bug, env: { OUTRIDER_DEBUG: '1' } });
    expect(asked.stderr.text).toContain('\n    at ');
    expect((await outrider(['run', 'x', '--debug'], { loadError: bug })).stderr.text).toContain('\n    at ');
  });
});

describe('outrider run', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrider-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('writes the text to standard output and the statistics to standard error', async () => {
    const { code, stdout, stderr, closed } = await outrider(['run', 'hi']);
    expect(stdout.text).toBe('zero one two');
    expect(stderr.text).toMatch(/tokens\/s.*\nspeculation: /);
    expect(stderr.text).not.toContain('\x1b');
    expect([code, closed]).toEqual([0, 1]);
  });

  it('streams: a piece is there before the next one is asked for', async () => {
    const stdout = new RecordingSink();
    const seen: string[] = [];
    const script = async function* () {
      yield startEvent();
      for (const piece of ['a', 'b']) {
        yield textEvent(piece);
        seen.push(stdout.text);
      }
    };
    await outrider(['run', 'hi'], { stdout, script });
    expect(seen).toEqual(['a', 'ab']);
  });

  it('loads the embedded pair unless told otherwise', async () => {
    const embedded = await outrider(['run', 'hi']);
    expect(embedded.loaded[0]).toMatchObject({
      target: expect.stringMatching(/models\/main-q8_0\.gguf$/),
      drafts: [expect.stringMatching(/models\/draft-q8_0\.gguf$/)],
    });
    const alone = await outrider(['run', 'hi', '-m', 'x.gguf']);
    expect(alone.loaded[0]).toMatchObject({ target: 'x.gguf', drafts: [] });
    expect(alone.stderr.text).toMatch(/^note: no draft model was given .*\n/);
    expect(alone.stderr.text.match(/note:/g)).toHaveLength(1);
    expect((await outrider(['run', 'hi', '-m', 'x.gguf', '--mode', 'main'])).stderr.text).not.toContain('note:');
  });

  it('hands every flag on', async () => {
    const argv =
      'run hi --chat --system be -m t.gguf -md d.gguf -md e.gguf --draft-optional -c 512 -t 2 -td 1 -ngl all -ngld 3 --strict --context-shift --keep all ' +
      '--mode speculative --draft-max 4 --draft-min 1 --draft-p-min 0.3 --leniency 0.2 -n 20 --stop a --stop b --ignore-eos --seed 7';
    const { loaded, requests } = await outrider(argv.split(' '));
    expect(loaded[0]).toMatchObject({
      target: 't.gguf',
      drafts: ['d.gguf', 'e.gguf'],
      draftOptional: true,
      contextSize: 512,
      threads: 2,
      draftThreads: 1,
      gpuLayers: 'all',
      draftGpuLayers: 3,
      contextShift: true,
      strict: true,
    });
    expect(requests[0]).toEqual({
      prompt: {
        messages: [
          { role: 'system', content: 'be' },
          { role: 'user', content: 'hi' },
        ],
      },
      mode: 'speculative',
      maxTokens: 20,
      keepTokens: 'prompt',
      stop: ['a', 'b'],
      ignoreEndOfText: true,
      seed: 7,
      sampling: {},
      draft: { max: 4, min: 1, minConfidence: 0.3, leniency: 0.2 },
    });
  });

  it('hands every sampler on', async () => {
    const argv =
      'run hi --temperature 0.7 --dynatemp-range 0.1 --dynatemp-exp 2 --top-k 30 --top-p 0.9 --min-p 0.1 --typical 0.8 --top-n-sigma 1.5 ' +
      '--xtc-probability 0.2 --xtc-threshold 0.3 --repeat-penalty 1.1 --repeat-last-n all --presence-penalty -0.5 --frequency-penalty 0.25 ' +
      '--dry-multiplier 0.8 --dry-base 2 --dry-allowed-length 3 --dry-penalty-last-n 100 --dry-sequence-breaker a --dry-sequence-breaker b ' +
      '--mirostat 2 --mirostat-lr 0.2 --mirostat-ent 4 --logit-bias 5+1.5 -l 6-2 --ban-token 9 --sampler-seq kt';
    const { requests, stderr } = await outrider(argv.split(' '));
    expect(stderr.text).not.toContain('outrider:');
    expect(requests[0]?.sampling).toEqual({
      temperature: 0.7,
      dynatempRange: 0.1,
      dynatempExponent: 2,
      topK: 30,
      topP: 0.9,
      minP: 0.1,
      typicalP: 0.8,
      topNSigma: 1.5,
      xtcProbability: 0.2,
      xtcThreshold: 0.3,
      repeatPenalty: 1.1,
      penaltyRange: 'all',
      presencePenalty: -0.5,
      frequencyPenalty: 0.25,
      dryMultiplier: 0.8,
      dryBase: 2,
      dryAllowedLength: 3,
      dryRange: 100,
      drySequenceBreakers: ['a', 'b'],
      mirostat: 'v2',
      mirostatEta: 0.2,
      mirostatTau: 4,
      logitBias: new Map([
        [5, 1.5],
        [6, -2],
        [9, Number.NEGATIVE_INFINITY],
      ]),
      order: ['top_k', 'temperature'],
    });
  });

  it('takes the prompt from standard input', async () => {
    const { requests } = await outrider(['run'], { stdin: Readable.from([Buffer.from('from a pipe\n')]) });
    expect(requests[0]?.prompt).toEqual({ text: 'from a pipe' });
  });

  it('prints one JSON object and nothing else', async () => {
    const { code, stdout, stderr } = await outrider(['run', 'hi', '--json'], { notes: ['a note'] });
    expect(JSON.parse(stdout.text)).toMatchObject({ text: 'zero one two', notes: ['a note'] });
    expect([code, stderr.text]).toEqual([0, '']);
  });

  it('tells notes of loading and of the request once each', async () => {
    const script = play([startEvent({ notes: ['clamped'] }), ...shortGeneration().slice(1)]);
    const { stderr } = await outrider(['run', 'hi'], { notes: ['dropped'], script });
    expect(stderr.text).toMatch(/^note: dropped\nnote: clamped\n/);
  });

  it('colours on a terminal and shows progress there that goes away', async () => {
    const terminal = () => new RecordingSink({ isTTY: true });
    const { stdout, stderr } = await outrider(['run', 'hi'], { stdout: terminal(), stderr: terminal() });
    expect(stdout.text).toBe('zero\x1b[32m one\x1b[39m\x1b[31m two\x1b[39m\n');
    const clear = '\r\x1b[K';
    expect(stderr.text.startsWith(`${clear}loading main-q8_0.gguf 50 %${clear}3 tokens`)).toBe(true);
    const plain = await outrider(['run', 'hi'], { stdout: terminal(), env: { NO_COLOR: '1' } });
    expect(plain.stdout.text).toBe('zero one two\n');
  });

  it('--debug shows a line a round on standard error', async () => {
    const { stdout, stderr } = await outrider(['run', 'hi', '--debug']);
    expect(stdout.text).toBe('zero one two');
    expect(stderr.text).toContain('drafted 2 [ t2| t3]  actual [ t2| t4]  PASS FAIL');
    expect(stderr.text.match(/^round /gm)).toHaveLength(2);
  });

  it('--trace writes an event a line', async () => {
    const path = join(folder, 'trace тест.jsonl');
    await outrider(['run', 'hi', '--trace', path]);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(shortGeneration().map(({ type }) => type));
  });

  it.runIf(existsSync('/dev/full'))('--trace loses the trace on a full disk, and not the text', async () => {
    const { code, stdout, stderr } = await outrider(['run', 'hi', '--trace', '/dev/full']);
    expect([code, stdout.text]).toEqual([1, 'zero one two']);
    expect(stderr.text).toMatch(/ended by: [^\n]+\n(.*\n)*outrider: cannot write to \/dev\/full: ENOSPC[^\n]*\n$/);
  });

  it('fails with what the engine says in the middle, after the text so far', async () => {
    const script = play([
      startEvent(),
      textEvent('half'),
      { type: 'error', error: new OutriderError('backend_failed', 'the pass failed') },
    ]);
    const { code, stdout, stderr, closed } = await outrider(['run', 'hi'], { script });
    expect([code, stdout.text, stderr.text, closed]).toEqual([1, 'half', 'outrider: the pass failed\n', 1]);
  });

  /** Writes until it is told to stop. */
  const endless: NonNullable<StageOptions['script']> = async function* (_, signal) {
    const events = [startEvent()];
    yield startEvent();
    while (!signal.aborted) {
      yield textEvent('a');
      await tick();
    }
    yield finishEvent(events, { reason: 'aborted' });
  };

  it('Ctrl-C ends the generation with its statistics', async () => {
    const set = stage({ script: endless });
    const ended = runProgram(['run', 'hi'], set.surroundings);
    while (set.stdout.text === '') await tick();
    set.interrupt();
    expect(await ended).toBe(130);
    expect(set.stderr.text).toContain('ended by: aborted');
    expect(set.closed).toBe(1);
  });

  it('Ctrl-C ends the wait for a prompt and the loading', async () => {
    const waiting = stage({ stdin: new PassThrough() });
    const ended = runProgram(['run'], waiting.surroundings);
    await tick();
    waiting.interrupt();
    expect([await ended, waiting.stderr.text]).toEqual([130, '']);
  });

  it('ends quietly when nobody reads the text any more', async () => {
    const set = stage({ script: endless });
    const ended = runProgram(['run', 'hi'], set.surroundings);
    while (set.stdout.text === '') await tick();
    set.stdout.failure = 'EPIPE';
    expect([await ended, set.stderr.text, set.closed]).toEqual([0, '', 1]);
  });

  it('says when the text cannot be written', async () => {
    const set = stage({ script: endless });
    set.stdout.failure = 'ENOSPC';
    expect(await runProgram(['run', 'hi'], set.surroundings)).toBe(1);
    expect(set.stderr.text).toBe('outrider: cannot write to standard output: write ENOSPC\n');
  });
});

describe('outrider bench make-model', () => {
  it('has flags of its own, also where bench has one of that name', async () => {
    const asked: string[] = [];
    const { surroundings } = stage();
    const openBackend = async (): Promise<never> => {
      throw new OutriderError('backend_failed', 'no libraries here');
    };
    const program = buildProgram(
      { out: new Output(surroundings.stdout, 'out'), err: new Output(surroundings.stderr, 'err') },
      { ...surroundings, openBackend },
      { code: 0, help: '' },
    );
    const makeModel = program.commands.find((command) => command.name() === 'bench')!.commands[0]!;
    makeModel.hook('preAction', (_, command) => void asked.push(String(command.opts().seed)));
    await expect(
      program.parseAsync(['bench', 'make-model', 'x.gguf', '--seed', '3'], { from: 'user' }),
    ).rejects.toThrow('no libraries');
    expect(asked).toEqual(['3']);
  });
});
