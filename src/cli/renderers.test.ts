import { describe, expect, it } from 'vitest';
import type { GenerationEvent } from '../engine/events.js';
import { OutriderError } from '../errors.js';
import { Output } from './output.js';
import { debugLine } from './render-debug.js';
import { renderJson } from './render-json.js';
import { renderPlainText, renderTerminalText, type TerminalTextOptions } from './render-text.js';
import { statisticsLines } from './statistics-lines.js';
import { painter } from './terminal.js';
import { finishEvent, roundEvent, shortGeneration, startEvent, textEvent } from './testing/events.js';
import { RecordingSink } from './testing/text-sink.js';
import { traceLine } from './trace.js';

async function rendered(
  make: (output: Output) => (event: GenerationEvent) => Promise<void> | void,
  events: readonly GenerationEvent[],
): Promise<string> {
  const sink = new RecordingSink();
  const render = make(new Output(sink, 'it'));
  for (const event of events) await render(event);
  return sink.text;
}

describe('renderPlainText', () => {
  it('writes the text and nothing else', async () => {
    expect(await rendered(renderPlainText, shortGeneration())).toBe('zero one two');
    expect(await rendered(renderPlainText, [textEvent('a\x1b[0m\r\n')])).toBe('a\x1b[0m\r\n');
  });
});

describe('renderTerminalText', () => {
  const terminal = (events: readonly GenerationEvent[], options: Partial<TerminalTextOptions> = {}): Promise<string> =>
    rendered((output) => renderTerminalText(output, { paint: painter(false), when: 'live', ...options }), events);

  it('colours by origin', async () => {
    const events = [textEvent('a'), textEvent('b', 'accepted'), textEvent('c', 'recovered'), textEvent('d', 'bonus')];
    const text = await terminal(events, { paint: painter(true) });
    expect(text).toBe('a\x1b[32mb\x1b[39m\x1b[31mc\x1b[39m\x1b[36md\x1b[39m');
  });

  it('ends with a line end, once', async () => {
    expect(await terminal(shortGeneration())).toBe('zero one two\n');
    const ended = [textEvent('a\n')];
    expect(await terminal([...ended, finishEvent(ended)])).toBe('a\n');
    expect(await terminal([finishEvent([])])).toBe('');
    expect(await terminal([textEvent('a'), { type: 'error', error: new OutriderError('aborted', 'x') }])).toBe('a\n');
  });

  it('gives no orders to the terminal', async () => {
    expect(await terminal([textEvent('\x1b]0;x\x07\tb\n')])).toBe('\\x1b]0;x\\x07\tb\n');
  });

  it('holds the text back where lines about rounds come in between', async () => {
    const events = shortGeneration();
    expect(await terminal(events.slice(0, -1), { when: 'whole' })).toBe('');
    expect(await terminal(events, { when: 'whole' })).toBe('zero one two\n');
  });
});

describe('debugLine', () => {
  const options = { names: (token: number) => ` t${token}`, paint: painter(false) };

  it('puts what was drafted against what the target says, token by token', () => {
    expect(debugLine(roundEvent([5, 6, 7], 1, 9), options)).toBe(
      'round 1  at 4  drafted 3 [ t5| t6| t7]  actual [ t5| t9]  PASS FAIL  accepted 1 rejected 1 discarded 1  recovered  draft 0.50 ms  verify 1.25 ms',
    );
  });

  it('shows a round that was accepted whole, and one without a draft', () => {
    expect(debugLine(roundEvent([5, 6], 2, 9), options)).toContain(
      'actual [ t5| t6| t9]  PASS PASS  accepted 2 rejected 0 discarded 0  bonus',
    );
    expect(debugLine(roundEvent([], 0, 9), options)).toContain('drafted 0 []  actual [ t9]  accepted 0');
  });

  it('counts what was dropped before verification as drafted and discarded', () => {
    const round = { ...roundEvent([5], 1, 9), dropped: 2 };
    expect(debugLine(round, options)).toContain(
      'drafted 3 [ t5]  actual [ t5| t9]  PASS  accepted 1 rejected 0 discarded 2',
    );
  });
});

describe('renderJson', () => {
  it('writes one object in one line, with the counts of the rounds', async () => {
    const model = { path: '/m.gguf', vocabulary: { bytes: () => Buffer.of() } };
    const models = {
      target: { name: 'main', model },
      draft: undefined,
      rowClass: { kind: 'strict', multiple: 1, sequences: 'together' } as const,
      notes: ['loaded late'],
    };
    const events = [startEvent({ notes: ['clamped'] }), ...shortGeneration().slice(1)];
    const text = await rendered((output) => renderJson(output, { loadMs: 30, models }), events);
    expect(text).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(text)).toEqual({
      text: 'zero one two',
      tokens: [1, 2, 4],
      finishReason: 'stop',
      mode: 'speculative',
      seed: 7,
      seedOrigin: 'given',
      verification: 'match',
      strict: true,
      promptTokens: 3,
      completionTokens: 3,
      timings: {
        promptMs: 12,
        predictedMs: 100,
        predictedPerSecond: 60,
        promptPerSecond: 250,
        draftMs: 20,
        verifyMs: 70,
        loadMs: 30,
      },
      speculation: {
        rounds: 2,
        drafted: 2,
        accepted: 1,
        rejected: 1,
        discarded: 0,
        recovered: 1,
        bonus: 0,
        plain: 1,
        acceptanceRate: 0.5,
        draftEfficiency: 0.5,
        blockEfficiency: 1.5,
        perPosition: [
          { judged: 1, accepted: 1 },
          { judged: 1, accepted: 0 },
        ],
        draftMax: 8,
      },
      models: { target: { name: 'main', path: '/m.gguf' }, draft: null },
      notes: ['loaded late', 'clamped'],
    });
  });
});

describe('statisticsLines', () => {
  const finish = finishEvent(shortGeneration());

  it('labels both rates, and says nothing of speculation where there was none', () => {
    const lines = statisticsLines(startEvent(), finish, 30);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('3 tokens in 0.100 s, 60.0 tokens/s; prompt 3 tokens');
    expect(lines[1]).toContain('drafted 2 = accepted 1 + rejected 1 + discarded 0');
    expect(lines[2]).toBe(
      'acceptance rate 50.0 % of the judged tokens, draft efficiency 50.0 % of the drafted, block efficiency 1.50 tokens a round',
    );
    expect(statisticsLines(startEvent({ mode: 'main' }), finish, 30)).toHaveLength(1);
  });

  it('tells a drawn seed where it brings the text back', () => {
    const drawn = startEvent({ seed: 99, seedOrigin: 'drawn' });
    expect(statisticsLines(drawn, finish, 30)[3]).toContain('--seed 99');
    expect(statisticsLines({ ...drawn, verification: 'block' }, finish, 30)).toHaveLength(3);
    expect(statisticsLines(drawn, { ...finish, dropped: 7 }, 30)[1]).toBe(
      'the text outgrew the context: 7 tokens left it',
    );
    const route = { to: 'draft', rule: 'title', reason: 'a title' } as const;
    expect(statisticsLines({ ...drawn, mode: 'draft', route }, finish, 30).at(-1)).toContain('--mode draft --seed 99');
    const lenient = statisticsLines({ ...drawn, leniency: 0.3 }, finish, 30);
    expect(lenient).toHaveLength(4);
    expect(lenient[3]).toBe('not lossless: drafts were judged with leniency 0.3');
  });

  it('tell who wrote in mode auto', () => {
    const escalated = { atToken: 9, confidence: 0.456 };
    const [, decided] = statisticsLines(
      startEvent(),
      { ...finish, route: { to: 'draft', rule: 'title', reason: 'a title' } },
      30,
    );
    expect(decided).toBe('route: the draft model, rule title: a title');
    const [, taken] = statisticsLines(
      startEvent(),
      { ...finish, route: { to: 'target', rule: 'none', reason: 'b', escalated } },
      30,
    );
    expect(taken).toBe('route: the target (it took over behind 9 tokens, confidence 0.46), rule none: b');
  });

  it('has a word for what was never measured', () => {
    const nothing = finishEvent([], { timings: { ...finish.timings, predictedPerSecond: null } });
    const lines = statisticsLines(startEvent(), nothing, 30);
    expect(lines[0]).toMatch(/^0 tokens in 0\.100 s; /);
    expect(lines[1]).toBe('speculation: nothing was drafted');
  });
});

describe('traceLine', () => {
  it('is the event with a time, without the laws of the draft', () => {
    const round = roundEvent([5], 1, 9);
    const law = { ids: new Int32Array(1000), probabilities: new Float64Array(1000) };
    const line = traceLine({ ...round, draft: { ...round.draft, laws: [law] } }, 1.23456);
    expect(JSON.parse(line)).toEqual({ time: 1.235, ...round });
  });

  it('says what an error is', () => {
    const error = new OutriderError('context_exceeded', 'too long', { promptTokens: 9 });
    expect(JSON.parse(traceLine({ type: 'error', error }, 0))).toEqual({
      time: 0,
      type: 'error',
      error: { code: 'context_exceeded', message: 'too long', details: { promptTokens: 9 } },
    });
  });
});
