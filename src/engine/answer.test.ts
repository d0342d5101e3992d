import { describe, expect, it } from 'vitest';
import { EMPTY_DRAFT, type Round, type Token } from '../speculative/index.js';
import { Answer } from './answer.js';
import type { FinishEvent, GenerationEvent } from './events.js';
import type { Plan } from './prepare.js';
import { FAKE, FakeVocabulary } from './testing/fake-vocabulary.js';

const vocabulary = new FakeVocabulary();
const tokensOf = (text: string): Token[] => vocabulary.tokenize(text, { addSpecial: false, parseSpecial: true });

/** An answer to a prompt of three tokens, with a clock that is set by hand. */
function answerOf(stop: readonly string[] = [], began: number | undefined = undefined) {
  const clock = { ms: 1000 };
  const plan = {
    writer: { model: { vocabulary }, ends: new Set<Token>([FAKE.eos, FAKE.end]) },
    promptTokens: [1, 2, 3],
    resume: [],
    bannedStrings: [],
    stop,
  } as unknown as Plan;
  return {
    answer: new Answer(plan, { now: () => clock.ms, began, cachedTokens: () => 0 }),
    clock,
  };
}

/** A round with these tokens, all but the last of them accepted. */
function round(text: string, overrides: Partial<Round> = {}): Round {
  const tokens = tokensOf(text);
  const accepted = tokens.length - 1;
  const draft = { tokens: tokens.slice(0, accepted), confidences: tokens.slice(0, accepted).map(() => 1) };
  const origin = accepted === 0 ? 'plain' : 'bonus';
  const judged = {
    draft: accepted === 0 ? EMPTY_DRAFT : draft,
    dropped: 0,
    accepted,
    origin,
    next: tokens.at(-1)!,
  } as const;
  return { index: 0, position: 0, ...judged, tokens, draftMs: 2, verifyMs: 5, ...overrides } as Round;
}

const texts = (events: Iterable<GenerationEvent>) =>
  [...events].map((event) => (event.type === 'text' ? [event.text, event.origin] : event.type));
const finishIn = (events: Iterable<GenerationEvent>): FinishEvent => [...events].at(-1) as FinishEvent;

describe('the text of an answer', () => {
  it('says where its pieces come from', () => {
    const { answer } = answerOf();
    expect(texts(answer.add(round('a')))).toEqual([['a', 'plain']]);
    expect(texts(answer.add(round('bc')))).toEqual([
      ['b', 'accepted'],
      ['c', 'bonus'],
    ]);
    expect(texts(answer.add(round('de', { origin: 'recovered' })))).toEqual([
      ['d', 'accepted'],
      ['e', 'recovered'],
    ]);
    expect(texts(answer.finish())).toEqual(['finish']);
  });

  it('says what another model had written of it', () => {
    const { answer } = answerOf();
    expect(texts(answer.add({ ...round('bc'), escalated: true }))).toEqual([
      ['b', 'escalated'],
      ['c', 'bonus'],
    ]);
  });

  it('came later where another model was tried before, and read its prompt as fast', () => {
    const { answer, clock } = answerOf([], 400);
    clock.ms = 1300;
    expect(texts(answer.add(round('a')))).toEqual([['a', 'plain']]);
    expect(finishIn(answer.finish())).toMatchObject({ timings: { promptMs: 900, promptPerSecond: 10 } });
  });

  it('ends before an end token, which counts', () => {
    const { answer } = answerOf();
    expect(texts(answer.add(round('ab<|end|>')))).toEqual([
      ['a', 'accepted'],
      ['b', 'accepted'],
    ]);
    expect(answer.isStopped).toBe(true);
    const finish = finishIn(answer.finish());
    expect(finish).toMatchObject({ reason: 'stop', text: 'ab', tokens: tokensOf('ab<|end|>'), completionTokens: 3 });
    expect(finish).not.toHaveProperty('stop');
  });

  it('ends before a stop string; the tokens behind it are dropped, what was accepted stays accepted', () => {
    const { answer } = answerOf(['bc']);
    expect(texts(answer.add(round('abcde')))).toEqual([['a', 'accepted']]);
    expect(answer.isStopped).toBe(true);
    const finish = finishIn(answer.finish());
    expect(finish).toMatchObject({ reason: 'stop', stop: 'bc', text: 'a', tokens: tokensOf('abc') });
    expect(finish.statistics.accepted).toBe(4);
  });

  it('ends before a stop string also where an end token follows in the same block', () => {
    const { answer } = answerOf(['b']);
    expect(texts(answer.add(round('ab<|end|>')))).toEqual([['a', 'accepted']]);
    expect(finishIn(answer.finish())).toMatchObject({ reason: 'stop', stop: 'b', text: 'a', tokens: tokensOf('ab') });
  });

  it('ends before a stop string that an end token shows to be one', () => {
    const { answer } = answerOf(['b', 'abc']);
    expect(texts(answer.add(round('xab<|end|>')))).toEqual([['x', 'accepted']]);
    expect(texts(answer.finish())).toEqual([['a', 'accepted'], 'finish']);
    expect(finishIn(answer.finish())).toMatchObject({ stop: 'b', text: 'xa', tokens: tokensOf('xab') });
  });

  it('has all that was held back once it ends by its length or is aborted', () => {
    for (const [end, reason] of [
      ['finish', 'length'],
      ['abort', 'aborted'],
    ] as const) {
      const { answer } = answerOf(['ab!']);
      expect(texts(answer.add(round('xab')))).toEqual([['x', 'accepted']]);
      const events = [...answer[end]()];
      expect(texts(events)).toEqual([['ab', 'bonus'], 'finish']);
      expect(finishIn(events)).toMatchObject({ reason, text: 'xab', tokens: tokensOf('xab') });
    }
  });

  it('may be empty', () => {
    const { answer } = answerOf();
    expect(finishIn(answer.finish())).toMatchObject({ reason: 'length', text: '', tokens: [], completionTokens: 0 });
  });
});

describe('the times of an answer', () => {
  it('are of the prompt up to the first token, then of what follows', () => {
    const { answer, clock } = answerOf();
    clock.ms = 1030;
    void [...answer.add(round('a', { draftMs: 100, verifyMs: 100 }))];
    clock.ms = 1040;
    void [...answer.add(round('bcd'))];
    clock.ms = 1050;
    void [...answer.add(round('e'))];
    clock.ms = 2000;
    expect(finishIn(answer.finish()).timings).toEqual({
      promptMs: 30,
      predictedMs: 20,
      predictedPerSecond: 200,
      promptPerSecond: 100,
      draftMs: 4,
      verifyMs: 10,
    });
  });

  it('have no rates where nothing was timed', () => {
    const { answer, clock } = answerOf();
    clock.ms = 1007;
    expect(finishIn(answer.abort()).timings).toMatchObject({ promptMs: 7, promptPerSecond: null });
    expect(finishIn(answerOf().answer.finish()).timings).toMatchObject({ predictedMs: 0, predictedPerSecond: null });
  });
});
