/**
 * The loop of speculative decoding: propose, verify in one pass of the target, commit, rewind. Read this first.
 *
 * It knows one sequence and nothing of batches, caches, text or stop strings. The invariant, after every round: the
 * target's cache holds the context without its last token, the sampler's history holds the context.
 */
import type { Token } from './distribution.js';
import type { RoundOutcome } from './drafter.js';
import { NO_PROPOSAL, type Proposer } from './proposer.js';
import type { RuleChoice } from './rule-choice.js';
import type { Sampler } from './sampler.js';
import type { Sequence } from './sequence.js';
import { drawRuleOf, verify } from './verify.js';

export interface Generation {
  readonly target: Sequence;
  /** The target's sampler; its history is the prompt. */
  readonly sampler: Sampler;
  /** The prompt, at least one token; the loop appends what it generates. `target` holds a proper prefix of it. */
  readonly context: Token[];
  /** Who drafts; without one this is plain decoding. */
  readonly proposer: Proposer | undefined;
  readonly rules: RuleChoice;
  /** At most this many tokens are generated; the context must have room for them. */
  readonly maxTokens: number;
  /** The most tokens of a draft, whatever the proposer wishes: one pass of the target holds no more rows. */
  readonly maxDraft: number;
  readonly isEnd: (token: Token) => boolean;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** Where the last token of a round comes from (design vocabulary); `plain` where nothing was verified. */
export type Origin = 'recovered' | 'bonus' | 'plain';

/** One draft and one verification; `tokens` are cut behind a token that ends the text. */
export interface Round extends RoundOutcome {
  readonly index: number;
  readonly origin: Origin;
  /** What the target says after the accepted tokens. */
  readonly next: Token;
}

export type Ending = 'end' | 'length';

/**
 * Generates until a token ends the text or `maxTokens` are there, a round at a time; returns which of the two. The
 * first round evaluates the prompt and drafts nothing, so no draft delays the first token. Stopping early
 * (`return`) at a round leaves target and context in agreement.
 */
export async function* generate(generation: Generation): AsyncGenerator<Round, Ending, void> {
  const { target, sampler, context, proposer, rules, signal, now } = generation;
  const promptLength = context.length;
  let remaining = generation.maxTokens;
  for (let index = 0; remaining > 0; index++) {
    signal?.throwIfAborted();
    const began = now();
    const room = index === 0 ? 0 : Math.min(remaining - 1, generation.maxDraft);
    const generated = context.length - promptLength;
    const verification = rules.current;
    const { draft, dropped, evidence } =
      proposer === undefined || room === 0
        ? NO_PROPOSAL
        : await proposer.propose({ context, prefix: [], rule: drawRuleOf(verification), room, generated, signal });
    const drafted = now();

    const position = context.length;
    const batch = [...context.slice(target.length), ...draft.tokens];
    const verdict = await target.evaluate(batch, draft.tokens.length + 1, (rows) =>
      verify(rows, draft, sampler, verification),
    );
    const { accepted, next } = verdict;

    const tokens = upToEnd([...draft.tokens.slice(0, accepted), next], generation.isEnd);
    for (const token of tokens) context.push(token);
    target.rewind(context.length - 1);
    sampler.rewind(context.length);
    remaining -= tokens.length;

    const times = { draftMs: drafted - began, verifyMs: now() - drafted };
    const outcome = { position, draft, accepted, dropped, tokens, evidence, ...times };
    proposer?.observe(outcome);
    rules.observe(draft, verdict);
    const origin = draft.tokens.length === 0 ? 'plain' : accepted === draft.tokens.length ? 'bonus' : 'recovered';
    yield { index, ...outcome, origin, next };
    if (generation.isEnd(tokens[tokens.length - 1]!)) return 'end';
  }
  return 'length';
}

function upToEnd(tokens: readonly Token[], isEnd: (token: Token) => boolean): readonly Token[] {
  const end = tokens.findIndex(isEnd);
  return end < 0 ? tokens : tokens.slice(0, end + 1);
}
