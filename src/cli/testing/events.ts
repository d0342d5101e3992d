import type {
  FinishEvent,
  GenerationEvent,
  RoundEvent,
  StartEvent,
  TextEvent,
  TextOrigin,
} from '../../engine/events.js';
import { type Statistics, StatisticsCounter, type Token } from '../../speculative/index.js';

export function startEvent(changes: Partial<StartEvent> = {}): StartEvent {
  return {
    type: 'start',
    mode: 'speculative',
    seed: 7,
    seedOrigin: 'given',
    verification: 'match',
    draftMax: 8,
    promptTokens: 3,
    cachedTokens: 0,
    notes: [],
    ...changes,
  };
}

/** A round that drafted `tokens`, of which `accepted` were right, and whose own token is `next`. */
export function roundEvent(tokens: readonly Token[], accepted: number, next: Token): RoundEvent {
  return {
    type: 'round',
    index: 1,
    position: 4,
    draft: { tokens, confidences: tokens.map(() => 0.5) },
    dropped: 0,
    evidence: [],
    accepted,
    origin: tokens.length === 0 ? 'plain' : accepted === tokens.length ? 'bonus' : 'recovered',
    next,
    tokens: [...tokens.slice(0, accepted), next],
    draftMs: 0.5,
    verifyMs: 1.25,
  };
}

export function textEvent(text: string, origin: TextOrigin = 'plain', tokens: readonly Token[] = []): TextEvent {
  return { type: 'text', text, origin, tokens };
}

/** The end of a generation that consisted of `events`. */
export function finishEvent(events: readonly GenerationEvent[], changes: Partial<FinishEvent> = {}): FinishEvent {
  const tokens = events.flatMap((event) => (event.type === 'round' ? event.tokens : []));
  return {
    type: 'finish',
    reason: 'stop',
    tokens,
    text: events.map((event) => (event.type === 'text' ? event.text : '')).join(''),
    promptTokens: 3,
    completionTokens: tokens.length,
    statistics: statisticsOf(events),
    timings: {
      promptMs: 12,
      predictedMs: 100,
      predictedPerSecond: 60,
      promptPerSecond: 250,
      draftMs: 20,
      verifyMs: 70,
    },
    ...changes,
  };
}

function statisticsOf(events: readonly GenerationEvent[]): Statistics {
  const counter = new StatisticsCounter();
  for (const event of events) if (event.type === 'round') counter.add(event);
  return counter.statistics;
}

/** A short generation: ` one` drafted and accepted, ` two` the target's own. */
export function shortGeneration(): GenerationEvent[] {
  const events = [
    startEvent(),
    roundEvent([], 0, 1),
    textEvent('zero'),
    roundEvent([2, 3], 1, 4),
    textEvent(' one', 'accepted'),
    textEvent(' two', 'recovered'),
  ];
  return [...events, finishEvent(events)];
}
