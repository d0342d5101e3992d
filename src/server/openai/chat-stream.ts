import { z } from 'zod';
import type { TokenLogprob } from '../../engine/events.js';
import { merged } from '../../engine/merged.js';
import type { ReasoningPiece } from '../../text/reasoning.js';
import type { ServedEvent } from '../activity.js';
import type { Choice } from '../choices.js';
import { count, listOf } from '../engine-schemas.js';
import { chatLogprobs, chatLogprobsSchema } from '../logprobs.js';
import { outriderSchema, type ReportedEvents } from '../report.js';
import { dataFrame } from '../sse.js';
import { AnswerProgress, llamaTimingsSchema, promptProgressSchema } from '../timings.js';
import {
  type Envelope,
  envelopeFields,
  finishReason,
  finishReasonSchema,
  reportOf,
  usageOf,
  usageSchema,
} from './answer.js';
import type { SplitterFactory } from './splitter.js';
import type { StreamWishes } from './stream-wishes.js';

const deltaSchema = z.object({
  role: z.literal('assistant').optional(),
  content: z.string().nullable().optional(),
  reasoning_content: z.string().optional(),
});
type Delta = z.output<typeof deltaSchema>;

const chunkChoiceSchema = z.object({
  index: count,
  delta: deltaSchema,
  logprobs: chatLogprobsSchema.nullable(),
  finish_reason: finishReasonSchema.nullable(),
});
type ChunkChoice = z.output<typeof chunkChoiceSchema>;

/** One event of a stream, before `[DONE]`. */
export const chatChunkSchema = z.object({
  ...envelopeFields,
  object: z.literal('chat.completion.chunk'),
  choices: listOf(chunkChoiceSchema),
  usage: usageSchema.optional(),
  timings: llamaTimingsSchema.optional(),
  outrider: outriderSchema.optional(),
  prompt_progress: promptProgressSchema.optional(),
});
type Chunk = z.output<typeof chatChunkSchema>;

interface ChoiceState {
  readonly progress: AnswerProgress;
  /** Of tokens whose text the splitter holds back. */
  logprobs: TokenLogprob[];
  ends: Partial<ReportedEvents>;
}

export interface ChatStreamOptions {
  readonly envelope: Envelope;
  readonly choices: readonly Choice[];
  /** Awaited at the first text. */
  readonly splitter: Promise<SplitterFactory>;
  readonly wishes: StreamWishes;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** A streamed chat: folds the events of its choices into chunks. */
export class ChatStream {
  readonly #options: ChatStreamOptions;
  readonly #states: readonly ChoiceState[];
  /** Of each choice, from the first text on. */
  #splits: readonly ReturnType<SplitterFactory>[] = [];
  #reasoningTokens = 0;

  constructor(options: ChatStreamOptions) {
    this.#options = options;
    this.#states = options.choices.map(() => ({
      progress: new AnswerProgress(options.now),
      logprobs: [],
      ends: {},
    }));
  }

  async *frames(abort: AbortController): AsyncGenerator<string, void, void> {
    for await (const { index, value } of merged(this.#options.choices, abort)) {
      if (value.type === 'text' && this.#splits.length === 0) await this.#openSplits();
      for (const chunk of this.#chunksOf(index, value)) yield dataFrame(chunk);
    }
    if (this.#options.wishes.usage) yield dataFrame(this.#usageChunk());
    yield 'data: [DONE]\n\n';
  }

  async #openSplits(): Promise<void> {
    const split = await this.#options.splitter;
    this.#splits = this.#states.map(() => split());
  }

  *#chunksOf(index: number, event: ServedEvent): Generator<Chunk> {
    const state = this.#states[index]!;
    const split = this.#splits[index];
    const progress = state.progress.add(event);
    if (event.type === 'start') {
      state.ends = { start: event };
      yield this.#chunk({ index, delta: { role: 'assistant', content: null } });
    }
    if (this.#options.wishes.progress) {
      for (const prompt_progress of progress) yield this.#chunk({ index }, { prompt_progress });
    }
    if (event.type === 'text') {
      state.logprobs.push(...(event.logprobs ?? []));
      yield* this.#pieces(index, state, split?.add(event.text) ?? [{ kind: 'answer', text: event.text }]);
      if (split?.inReasoning) this.#reasoningTokens++;
    } else if (event.type === 'finish') {
      yield* this.#pieces(index, state, split?.end() ?? []);
      state.ends = { ...state.ends, finish: event };
      const report = reportOf({ start: state.ends.start, finish: event });
      yield this.#chunk({ index, finish_reason: finishReason(event.reason) }, report);
    }
  }

  *#pieces(index: number, state: ChoiceState, pieces: readonly ReasoningPiece[]): Generator<Chunk> {
    for (const { kind, text } of pieces) {
      const logprobs = state.logprobs.splice(0);
      const delta: Delta = kind === 'reasoning' ? { reasoning_content: text } : { content: text };
      yield this.#chunk(
        { index, delta, ...(logprobs.length > 0 && { logprobs: chatLogprobs(logprobs) }) },
        this.#options.wishes.timings ? { timings: state.progress.timings } : {},
      );
    }
  }

  #chunk(choice: Pick<ChunkChoice, 'index'> & Partial<ChunkChoice>, top: Partial<Chunk> = {}): Chunk {
    const choices = [{ delta: {}, logprobs: null, finish_reason: null, ...choice }];
    return { ...this.#options.envelope, object: 'chat.completion.chunk', choices, ...top };
  }

  #usageChunk(): Chunk {
    const finishes = this.#states.flatMap(({ ends }) => ends.finish ?? []);
    const { start, finish } = this.#states[0]!.ends;
    return {
      ...this.#options.envelope,
      object: 'chat.completion.chunk',
      choices: [],
      usage: usageOf(finishes, this.#states.length, this.#reasoningTokens),
      ...(finish !== undefined && { timings: reportOf({ start, finish }).timings }),
    };
  }
}
