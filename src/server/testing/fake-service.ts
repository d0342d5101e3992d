import { finishEvent, roundEvent, startEvent } from '../../cli/testing/events.js';
import type { FinishReason, GenerationEvent, TokenLogprob } from '../../engine/events.js';
import type { PassCosts } from '../../engine/pass-costs.js';
import type { Chat, Prompt } from '../../engine/request.js';
import type { Score, ScoreRequest } from '../../engine/score.js';
import type { EngineDescription, EngineService, ServiceRequest, ServiceStatus } from '../../engine/service.js';
import { OutriderError } from '../../errors.js';
import { resolveSampling } from '../../sampling/index.js';
import type { ChatMessage } from '../../text/messages.js';

/** What a fake generation consists of; a thrown error is what the engine would throw. */
export type Script = (request: ServiceRequest, signal: AbortSignal | undefined) => AsyncIterable<GenerationEvent>;

/** An engine without models: tokens are bytes, texts are scripted, requests are kept for the test to look at. */
export class FakeService implements EngineService {
  readonly description: EngineDescription;
  /** In the order of arrival. */
  readonly requests: ServiceRequest[] = [];
  script: Script;
  /** What it thinks of texts: by default each token is its own choice, with one half. */
  scoring: (request: ScoreRequest, signal: AbortSignal | undefined) => Promise<Score> = halfSure;
  state: Pick<ServiceStatus, 'state' | 'reason'> = { state: 'ready', reason: undefined };
  passes: ServiceStatus['passes'] = [];
  running = 0;
  closed = false;

  constructor(script: Script = says(['Hello', ', ', 'world', '!']), description: Partial<EngineDescription> = {}) {
    this.script = script;
    this.description = { ...DESCRIPTION, ...description };
  }

  /** The last request that came. */
  get request(): ServiceRequest {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error('no request came');
    return request;
  }

  async *generate(request: ServiceRequest, signal?: AbortSignal): AsyncGenerator<GenerationEvent, void, void> {
    this.requests.push(structuredClone(request));
    this.#check(request);
    this.running++;
    try {
      yield* this.script(request, signal);
    } finally {
      this.running--;
    }
  }

  async tokenize(prompt: Prompt) {
    return { tokens: tokensOf(prompt), notes: [] };
  }

  async pieces(tokens: readonly number[]): Promise<readonly Uint8Array[]> {
    return tokens.map((token) => Uint8Array.of(token));
  }

  async render({ messages }: Chat): Promise<string> {
    return rendered(messages);
  }

  score(request: ScoreRequest, signal?: AbortSignal): Promise<Score> {
    return this.scoring(request, signal);
  }

  async passCosts(): Promise<PassCosts> {
    return COSTS;
  }

  async status(): Promise<ServiceStatus> {
    const busy = this.running > 0;
    return {
      ...this.state,
      restarts: 0,
      pid: 1,
      running: this.running,
      queued: 0,
      slots: [
        { id: 0, role: 'target', model: this.description.target.name, state: busy ? 'busy' : 'idle', cachedTokens: 0 },
        ...this.description.drafts.map(({ name }, i) => ({
          id: i + 1,
          role: 'draft' as const,
          model: name,
          state: 'idle' as const,
          cachedTokens: 0,
        })),
      ],
      passes: this.passes,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** What the engine refuses, as far as requests of tests go. */
  #check({ prompt, sampling = {}, seed, logprobs }: ServiceRequest): void {
    resolveSampling(sampling);
    const { contextSize } = this.description;
    const promptTokens = tokensOf(prompt).length;
    if (promptTokens >= contextSize) {
      throw new OutriderError(
        'context_exceeded',
        `the prompt has ${promptTokens} tokens and the context holds ${contextSize}`,
        {
          promptTokens,
          contextSize,
        },
      );
    }
    if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) {
      throw new OutriderError('invalid_argument', `seed: expected an integer, got ${seed}`, { parameter: 'seed' });
    }
    if (logprobs !== undefined && !(Number.isInteger(logprobs) && logprobs >= 0 && logprobs <= 20)) {
      throw new OutriderError('invalid_argument', `logprobs: expected 0 to 20, got ${logprobs}`, {
        parameter: 'logprobs',
      });
    }
  }
}

/**
 * A generation of these pieces, a token each, from the second on two a round: one accepted, one the target's own. It
 * minds `maxTokens`, `stop`, `logprobs` and the signal.
 * @param pause awaited before each round
 */
export function says(pieces: readonly string[], pause: () => Promise<void> = async () => {}): Script {
  return async function* (request, signal) {
    const promptTokens = tokensOf(request.prompt).length;
    const { shown, reason, stop } = cut(pieces, request);
    const events: GenerationEvent[] = [];
    const record = <Event extends GenerationEvent>(event: Event): Event => {
      events.push(event);
      return event;
    };
    const ending = (why: FinishReason) =>
      finishEvent(events, {
        reason: why,
        promptTokens,
        cachedTokens: 0,
        ...(why === 'stop' && stop !== undefined && { stop }),
      });
    const { seed, mode = 'speculative' } = request;
    yield record(
      startEvent({ mode, seed: seed ?? 4711, seedOrigin: seed === undefined ? 'drawn' : 'given', promptTokens }),
    );
    yield record({ type: 'prompt', evaluated: promptTokens, total: promptTokens });
    for (let at = 0; at < shown.length; ) {
      await pause();
      if (signal?.aborted) return yield ending('aborted');
      const round = shown.slice(at, at + (at === 0 ? 1 : 2));
      yield record(round.length === 1 ? roundEvent([], 0, at + 100) : roundEvent([at + 100], 1, at + 101));
      for (const [place, text] of round.entries()) {
        const origin = round.length === 1 ? 'plain' : place === 0 ? 'accepted' : 'bonus';
        const logprobs =
          request.logprobs === undefined ? {} : { logprobs: [logprobOf(text, at + place, request.logprobs)] };
        yield record({ type: 'text', text, origin, tokens: [at + place + 100], ...logprobs });
      }
      at += round.length;
    }
    yield ending(reason);
  };
}

/** A generation that fails behind these pieces. */
export function failsAfter(pieces: readonly string[], error: OutriderError): Script {
  return async function* (request, signal) {
    for await (const event of says(pieces)(request, signal)) {
      if (event.type === 'finish') yield { type: 'error', error };
      else yield event;
    }
  };
}

async function halfSure({ prompt, tokens }: ScoreRequest): Promise<Score> {
  const known = (token: number) => ({ token, bytes: Uint8Array.of(token), logprob: Math.log(0.5) });
  return {
    tokens: tokens.map((token) => ({ ...known(token), rank: 0, entropy: 1, probability: 1, top: [known(token)] })),
    promptTokens: tokensOf(prompt).length,
    cachedTokens: 0,
    ms: 1,
  };
}

function cut(pieces: readonly string[], { maxTokens = Number.POSITIVE_INFINITY, stop = [] }: ServiceRequest) {
  const limited = pieces.slice(0, maxTokens);
  const text = limited.join('');
  const found = stop.map((string) => ({ string, at: text.indexOf(string) })).filter(({ at }) => at >= 0);
  const first = found.sort((one, other) => one.at - other.at)[0];
  const reason: FinishReason = first !== undefined || limited.length === pieces.length ? 'stop' : 'length';
  let room = first?.at ?? text.length;
  const shown: string[] = [];
  for (const piece of limited) {
    if (room <= 0) break;
    shown.push(piece.slice(0, room));
    room -= piece.length;
  }
  return { shown, reason, stop: first?.string };
}

function logprobOf(text: string, index: number, count: number): TokenLogprob {
  const bytes = new TextEncoder().encode(text);
  const top = Array.from({ length: count }, (_, rank) => ({
    token: rank === 0 ? index + 100 : 200 + rank,
    bytes: rank === 0 ? bytes : new TextEncoder().encode(`#${rank}`),
    logprob: -0.25 - rank,
  }));
  return { token: index + 100, bytes, logprob: -0.25, top };
}

function tokensOf(prompt: Prompt): readonly number[] {
  if ('tokens' in prompt) return prompt.tokens;
  return [...new TextEncoder().encode('text' in prompt ? prompt.text : rendered(prompt.messages))];
}

function rendered(messages: readonly ChatMessage[]): string {
  const turns = messages.map(({ role, content }) => `<|${role}|>${typeof content === 'string' ? content : ''}<|end|>`);
  return `${turns.join('')}<|assistant|>`;
}

const MODEL = {
  parameters: 5_000_000,
  bytes: 6_000_000,
  trainedContext: 4096,
  vocabularySize: 256,
  vocabularyType: 'bpe',
  cacheTypeK: 'f16',
  cacheTypeV: 'f16',
  chatTemplate: '{{ messages }}',
  bosText: '<s>',
  eosText: '</s>',
  threads: 1,
  device: 'CPU',
} as const;

const COSTS: PassCosts = {
  target: { points: [1, 2, 4, 8].map((rows) => ({ rows, ms: 9 + rows })), depths: [{ from: 0, factor: 1 }] },
  drafts: {
    draft: { points: [1, 8].map((rows) => ({ rows, ms: 0.5 + rows / 10 })), depths: [{ from: 0, factor: 1 }] },
  },
};

const DESCRIPTION: EngineDescription = {
  target: { ...MODEL, role: 'target', name: 'main', path: '/models/main.gguf', description: 'fake 5 M' },
  drafts: [
    {
      ...MODEL,
      role: 'draft',
      name: 'draft',
      path: '/models/draft.gguf',
      description: 'fake 1 M',
      vocabularyFit: {
        sharedIds: 256,
        equalIds: 255,
        differing: { count: 1, examples: [{ id: 7, target: '<s>', draft: '<bos>' }] },
        onlyTarget: { count: 0, examples: [] },
        onlyDraft: { count: 0, examples: [] },
        movedTokens: 0,
        roleMap: [{ role: 'bos', target: 7, draft: 7 }],
        metadataDifferences: [],
        masked: 0,
      },
    },
  ],
  contextSize: 4096,
  parallel: 1,
  queue: 64,
  strict: false,
  notes: [],
  llama: { version: 'v0.5.0', system: 'CPU', devices: ['CPU'] },
  loadMs: 1,
};
