import { describe, expect, it } from 'vitest';
import { OutriderError } from '../../errors.js';
import type { Death } from './death.js';
import { PendingCalls } from './pending-calls.js';
import { type Call, plainError, type ToEngine } from './protocol.js';

const CRASH: Death = { reason: 'killed by SIGSEGV', by: 'itself' };
const SCORE: Call & { name: 'score' } = { name: 'score', request: { prompt: { text: 'a' }, tokens: [1] } };
const RENDER: Call & { name: 'render' } = { name: 'render', chat: { messages: [] } };

function pending(isReady = true) {
  const engine = { isReady, sent: [] as ToEngine[], settled: 0 };
  const calls = new PendingCalls({
    send: (message) => engine.sent.push(message),
    mayAsk: () => engine.isReady,
    onSettled: () => {
      engine.settled += 1;
    },
  });
  return { calls, engine };
}

describe('calls of an engine', () => {
  it('are asked when one is ready, and answered by their number', async () => {
    const { calls, engine } = pending(false);
    const first = calls.ask(RENDER);
    const second = calls.ask(RENDER);
    expect(engine.sent).toEqual([]);
    engine.isReady = true;
    calls.askWaiting();
    calls.askWaiting();
    expect(engine.sent).toEqual([0, 1].map((id) => ({ type: 'call', id, call: RENDER })));
    expect(calls.asked).toBe(2);
    calls.hear({ type: 'reply', id: 1, value: 'b' });
    calls.hear({ type: 'refusal', id: 0, error: plainError(new OutriderError('template_failed', 'no template')) });
    await expect(first).rejects.toMatchObject({ code: 'template_failed', message: 'no template' });
    expect(await second).toBe('b');
    expect(engine.settled).toBe(2);
  });

  it('are asked again behind a death, which no queue may refuse any more', async () => {
    const { calls, engine } = pending();
    const score = calls.ask(SCORE);
    const render = calls.ask(RENDER);
    engine.isReady = false;
    calls.died(CRASH);
    // One that came only now was with no engine yet.
    const later = calls.ask(SCORE);
    expect(calls.hasSuspects).toBe(true);
    engine.isReady = true;
    engine.sent.length = 0;
    calls.askWaiting();
    expect(engine.sent).toEqual([
      { type: 'call', id: 0, call: { ...SCORE, request: { ...SCORE.request, admission: 'again' } } },
      { type: 'call', id: 1, call: RENDER },
      { type: 'call', id: 2, call: SCORE },
    ]);
    for (const id of [0, 1, 2]) calls.hear({ type: 'reply', id, value: 'x' });
    await Promise.all([score, render, later]);
    expect(calls.hasSuspects).toBe(false);
  });

  it('that an engine dies over twice by itself are refused', async () => {
    const { calls } = pending();
    const score = calls.ask(SCORE);
    calls.died(CRASH);
    calls.askWaiting();
    calls.died(CRASH);
    await expect(score).rejects.toMatchObject({
      code: 'engine_died',
      message: 'the engine died again and again over this call: killed by SIGSEGV',
    });
    expect(calls.asked).toBe(0);
  });

  it('are taken back by their signal: the engine is told if it has them', async () => {
    const { calls, engine } = pending();
    const abort = new AbortController();
    const asked = calls.ask(SCORE, abort.signal);
    engine.isReady = false;
    const waiting = calls.ask(SCORE, abort.signal);
    abort.abort();
    for (const call of [asked, waiting, calls.ask(SCORE, abort.signal)]) {
      await expect(call).rejects.toMatchObject({ code: 'aborted' });
    }
    expect(engine.sent.slice(1)).toEqual([{ type: 'abandon', id: 0 }]);
  });

  it('all fail with an engine that is lost', async () => {
    const { calls } = pending();
    const both = [calls.ask(SCORE), calls.ask(RENDER)];
    calls.rejectAll(new OutriderError('engine_died', 'lost'));
    for (const call of both) await expect(call).rejects.toThrow('lost');
    expect(calls.asked).toBe(0);
  });
});
