/** A conversation that goes from model to model: each evaluates only what it has not seen. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DraftOptions, Engine, EngineOptions, FinishEvent, Mode } from '../../src/engine/index.js';
import { commonLength } from '../../src/speculative/common-length.js';
import type { Token } from '../../src/speculative/index.js';
import { answer, forced } from './testing/answer.js';
import { type Evaluation, recordEvaluations } from './testing/evaluations.js';
import { loadPair } from './testing/pair.js';

type Side = 'target' | 'draft';

/** Tokens that two chats begin with: so few are not worth being copied from one slot to another. */
const BOTH_BEGIN = 8;

const MODES = ['speculative', 'main', 'draft', 'speculative', 'draft', 'main', 'speculative', 'draft', 'main'] as const;

/** What the models of an engine have evaluated, and what they evaluate in a turn. */
class Watched {
  readonly engine: Engine;
  readonly #evaluations: Readonly<Record<Side, Evaluation[]>>;
  readonly #seen: Readonly<Record<Side, (readonly Token[])[]>> = { target: [], draft: [] };

  constructor(engine: Engine) {
    const { target, draft } = engine.models;
    this.engine = engine;
    this.#evaluations = { target: recordEvaluations(target.context), draft: recordEvaluations(draft!.context) };
  }

  static async load(options: Partial<EngineOptions>): Promise<Watched> {
    const engine = await loadPair(options);
    onTestFinished(() => engine.close());
    return new Watched(engine);
  }

  /** Leading tokens of a prompt that the model has seen, but for the last, whose row is wanted. */
  seenOf(side: Side, prompt: readonly Token[]): number {
    const longest = Math.max(0, ...this.#seen[side].map((text) => commonLength(text, prompt)));
    return Math.min(longest, prompt.length - 1);
  }

  sees(side: Side, text: readonly Token[]): void {
    this.#seen[side].push(text);
  }

  /** Positions of a prompt that were evaluated since the last call, by model; those of rejected drafts come again. */
  takeRowsWithin(promptLength: number): Rows {
    const count = (side: Side): number => {
      const positions = this.#evaluations[side]
        .splice(0)
        .flatMap(({ sequence, from, tokens }) => tokens.map((_, i) => ({ sequence, position: from + i })));
      const within = positions.filter(({ position }) => position < promptLength);
      return new Set(within.map(({ sequence, position }) => `${sequence} ${position}`)).size;
    };
    return { target: count('target'), draft: count('draft') };
  }
}

/** A chat whose answers are what the models say. */
class Chat {
  readonly #watched: Watched;
  readonly #messages: { role: string; content: string }[];
  #turn = 0;

  constructor(watched: Watched, system: string) {
    this.#watched = watched;
    this.#messages = [{ role: 'system', content: system }];
  }

  /** What the turn evaluated of its prompt, and what each model had not seen of it. */
  async turn(mode: Mode, draft: DraftOptions): Promise<{ finish: FinishEvent; rows: Rows; unseen: Rows }> {
    const watched = this.#watched;
    this.#messages.push({
      role: 'user',
      content: `Tell me tale number ${++this.#turn} of a fox who counts the stars.`,
    });
    const prompt = { messages: [...this.#messages] };
    const { tokens } = watched.engine.tokenize(prompt);
    const unseen = {
      target: tokens.length - watched.seenOf('target', tokens),
      draft: tokens.length - watched.seenOf('draft', tokens),
    };
    const request = { prompt, mode, draft, maxTokens: 40, sampling: { temperature: 0 } };
    const { finish } = await answer(watched.engine, request);
    this.#messages.push({ role: 'assistant', content: finish.text });
    // The last token was said and not evaluated.
    const text = [...tokens, ...finish.tokens.slice(0, -1)];
    watched.sees(mode === 'draft' ? 'draft' : 'target', text);
    if (mode === 'speculative' && draft.min !== undefined) watched.sees('draft', tokens);
    return { finish, rows: watched.takeRowsWithin(tokens.length), unseen };
  }
}

type Rows = Readonly<Record<Side, number>>;

describe('a conversation that alternates main, draft and speculative', () => {
  it('costs each model the tokens that it has not seen', async () => {
    const watched = await Watched.load({ contextSize: 2048 });
    const chat = new Chat(watched, 'You tell short tales about animals. '.repeat(20));
    for (const [i, mode] of MODES.entries()) {
      const { finish, rows, unseen } = await chat.turn(mode, forced(4).draft!);
      const turn = `turn ${i}, ${mode}`;
      expect(finish.promptTokens - finish.cachedTokens!, turn).toBe(rows[mode === 'draft' ? 'draft' : 'target']);
      expect(rows.target, turn).toBe(mode === 'draft' ? 0 : unseen.target);
      // A model that drafts may know the beginning of the last answer from its drafts.
      if (mode === 'main') expect(rows.draft, turn).toBe(0);
      else expect(rows.draft, turn).toBeLessThanOrEqual(unseen.draft);
      if (i >= 3 && mode !== 'main') expect(rows.draft, turn).toBeLessThan(250);
    }
  });

  it('and where the draft model sees only as much of a long chat as pays, it never sees anything twice', async () => {
    const watched = await Watched.load({ contextSize: 4096 });
    const chat = new Chat(watched, 'You tell short tales about animals who live in a wood by the sea. '.repeat(70));
    for (const mode of [...MODES, ...MODES]) {
      const { rows, unseen } = await chat.turn(mode, {});
      expect(rows.target).toBe(mode === 'draft' ? 0 : unseen.target);
      expect(rows.draft).toBeLessThanOrEqual(unseen.draft);
    }
  });

  it('also where another conversation takes the slots in between', async () => {
    const watched = await Watched.load({ contextSize: 2048 });
    const chats = ['You tell short tales about animals. ', 'You know all about ships and the sea. '].map(
      (system) => new Chat(watched, system.repeat(20)),
    );
    for (const mode of MODES) {
      for (const chat of chats) {
        const { rows, unseen } = await chat.turn(mode, forced(4).draft!);
        expect(rows.target, mode).toBe(mode === 'draft' ? 0 : unseen.target);
        expect(rows.draft, mode).toBeLessThanOrEqual(mode === 'main' ? 0 : unseen.draft + BOTH_BEGIN);
      }
    }
  });
});
