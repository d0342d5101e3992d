/** What the fake engine says to the page: rounds of every kind, with the probabilities that the page shows. */
import { finishEvent, roundEvent, startEvent } from '../../../src/cli/testing/events.js';
import type { GenerationEvent, TokenLogprob } from '../../../src/engine/events.js';
import { FakeService, type Script, says } from '../../../src/server/testing/fake-service.js';

/** How many of a draft of three are accepted, round after round. */
const ACCEPTED = [0, 3, 1, 2, 3, 0];
const DRAFTED = 3;
/** What the draft wanted where it was wrong: a capital letter, whose code is its id. */
const WRONG = 'X'.charCodeAt(0);

/** A generation of these pieces by rounds that accept all, some or nothing of their drafts. */
export function drafts(pieces: readonly string[], pause: () => Promise<void> = async () => {}): Script {
  return async function* (request, signal) {
    const { mode = 'speculative', seed = 4711 } = request;
    if (mode === 'main' || mode === 'draft') {
      yield* says(pieces, pause)(request, signal);
      return;
    }
    const events: GenerationEvent[] = [];
    const record = <Event extends GenerationEvent>(event: Event): Event => {
      events.push(event);
      return event;
    };
    yield record(startEvent({ mode, seed, promptTokens: 12 }));
    yield record({ type: 'prompt', evaluated: 12, total: 12 });
    const limit = Math.min(pieces.length, request.maxTokens ?? pieces.length);
    for (let at = 0, round = 0; at < limit; round++) {
      await pause();
      if (signal?.aborted) return yield finishEvent(events, { reason: 'aborted' });
      const accepted = Math.min(ACCEPTED[round % ACCEPTED.length]!, limit - at - 1);
      const right = Array.from({ length: accepted }, (_, i) => 1000 + at + i);
      const wrong = accepted < DRAFTED ? [WRONG, ...Array(DRAFTED - accepted - 1).fill(1)] : [];
      yield record({
        ...roundEvent([...right, ...wrong], accepted, 1000 + at + accepted),
        index: round,
        position: 12 + at,
      });
      for (const [i, text] of pieces.slice(at, at + accepted + 1).entries()) {
        const origin = i < accepted ? 'accepted' : wrong.length > 0 ? 'recovered' : 'bonus';
        const token = 1000 + at + i;
        yield record({ type: 'text', text, origin, tokens: [token], logprobs: [logprobOf(token, text)] });
      }
      at += accepted + 1;
    }
    yield finishEvent(events, { promptTokens: 12, reason: limit < pieces.length ? 'length' : 'stop' });
  };
}

function logprobOf(token: number, text: string): TokenLogprob {
  const known = (id: number, piece: string, probability: number) => ({
    token: id,
    bytes: new TextEncoder().encode(piece),
    logprob: Math.log(probability),
  });
  const own = known(token, text, 0.64);
  return { ...own, top: [own, known(WRONG, 'X', 0.21), known(2, ' other', 0.05)] };
}

const MAIN_TEXT = ['The', ' sky', ' is', ' blue', ' because', ' air', ' scatters', ' short', ' waves', ' more', '.'];
const DRAFT_TEXT = ['The', ' sky', ' is', ' blue', ' because', ' it', ' likes', ' blue', '.'];

/** Both models answer; the target would not have written what the draft did from ` it` on. */
export function comparing(pause: () => Promise<void> = async () => {}): FakeService {
  const service = new FakeService((request, signal) =>
    says(request.mode === 'draft' ? DRAFT_TEXT : MAIN_TEXT, pause)(request, signal),
  );
  const bytes = (index: number) => new TextEncoder().encode(DRAFT_TEXT[index]);
  service.pieces = async (tokens) => tokens.map((_, i) => bytes(i));
  service.scoring = async ({ tokens, mode }) => ({
    tokens: tokens.map((token, i) => {
      const sure = mode === 'draft' || i < 5 || i > 6;
      return {
        token,
        bytes: bytes(i),
        logprob: Math.log(sure ? 0.8 : 0.02),
        rank: sure ? 0 : 4,
        entropy: 1,
        probability: sure ? 1 : 0.05,
        top: [{ token: 9, bytes: new TextEncoder().encode(sure ? DRAFT_TEXT[i]! : ' air'), logprob: Math.log(0.8) }],
      };
    }),
    promptTokens: 4,
    cachedTokens: 0,
    ms: 5,
    passMs: mode === 'draft' ? [1] : [10, 11, 12, 13, 14],
  });
  return service;
}
