import type { AnswerToken, FinishFrame, Frame, StartFrame } from '../frames.js';

function tokenOf(text: string): AnswerToken {
  return { id: text.length, text, origin: 'plain', target: 0.5, top: [] };
}

export function startFrame(changes: Partial<StartFrame> = {}): StartFrame {
  return {
    type: 'start',
    mode: 'speculative',
    seed: 1,
    verification: 'match',
    promptTokens: 3,
    notes: [],
    reasoning: false,
    ...changes,
  };
}

export function textFrame(...texts: readonly string[]): Frame {
  return { type: 'text', text: texts.join(''), tokens: texts.map(tokenOf) };
}

export function finishFrame(changes: Partial<FinishFrame> = {}): FinishFrame {
  return {
    type: 'finish',
    reason: 'stop',
    statistics: { rounds: 7, accepted: 5, rejected: 1 },
    timings: { promptMs: 12, predictedMs: 34 },
    ...changes,
  };
}
