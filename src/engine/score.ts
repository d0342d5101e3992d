/** Judges a text that is there already: what a model thinks of each of its tokens, behind a prompt. */
import { OutriderError } from '../errors.js';
import type { SamplingOptions } from '../sampling/index.js';
import { positionNoise, probabilityOf, type Row, type Token } from '../speculative/index.js';
import { samplerOf } from './drafting.js';
import type { TokenLogprob } from './events.js';
import type { LoadedModels } from './load.js';
import { logprobsOf, type RowLogprobs } from './logprob-sampler.js';
import type { Admission } from './places.js';
import { type Plan, prepare } from './prepare.js';
import type { Prompt } from './request.js';
import { STRICT_ROWS } from './row-class.js';
import { tokensFor } from './score-tokens.js';

/** What to judge, and by whom. */
export interface ScoreRequest {
  readonly prompt: Prompt;
  /** The text behind the prompt, in the vocabulary of the model that judges, or of the one that it was written by. */
  readonly tokens: readonly Token[];
  /**
   * The draft model in whose tokens the text is, by its name. The target judges the tokens of its own that correspond to
   * them; where some have no counterpart, the text as it cuts it itself.
   */
  readonly writtenBy?: string;
  /** The target (`main`, the default), or with `draft` a draft model. */
  readonly mode?: 'main' | 'draft';
  /** With `draft`: which of them, by its name; default: the largest. */
  readonly writer?: string;
  /** The law that `probability` is of; as in a request that generates. */
  readonly sampling?: Partial<SamplingOptions>;
  /** How many of the likeliest tokens are told beside each token, 0 to 20, default 1. */
  readonly top?: number;
  /** Default `new`: refused where too many wait. */
  readonly admission?: Admission;
}

/** What a model thinks of a token, given all before it. Logarithms are natural ones of the plain softmax. */
export interface TokenScore extends TokenLogprob {
  /** Tokens that are likelier; 0: none. */
  readonly rank: number;
  /** Of the plain softmax, in nats. */
  readonly entropy: number;
  /** Under the sampling that was asked for: 0 where that leaves the token out, 0 or 1 at temperature 0. */
  readonly probability: number;
}

export interface Score {
  readonly tokens: readonly TokenScore[];
  readonly promptTokens: number;
  /** Prompt tokens that were still in the cache. */
  readonly cachedTokens: number;
  /** Milliseconds that judging took, the prompt's evaluation included. */
  readonly ms: number;
}

/**
 * Judges a text in a place of the model that judges, and waits for one.
 * @throws OutriderError invalid_argument, context_exceeded, template_failed; queue_full; aborted by the signal
 */
export async function score(
  request: ScoreRequest,
  models: LoadedModels,
  signal: AbortSignal,
  now: () => number,
): Promise<Score> {
  const { tokens: given, writtenBy, top = 1, mode = 'main', prompt, ...wishes } = request;
  const plan = prepare({ ...wishes, prompt, mode, logprobs: top, maxTokens: 0 }, models, () => 0);
  const { writer, promptTokens } = plan;
  const tokens = tokensFor({ tokens: given, ...(writtenBy !== undefined && { writtenBy }) }, writer, models);
  checkRoom(promptTokens.length + tokens.length, models.contextSize);
  await writer.places.enter(signal, () => {}, plan.admission);
  const began = now();
  try {
    const { scores, cachedTokens } = await judge({ plan, tokens, top, capacity: models.contextSize, signal });
    return { tokens: scores, promptTokens: promptTokens.length, cachedTokens, ms: now() - began };
  } finally {
    writer.places.leave();
  }
}

interface Judgement {
  readonly plan: Plan;
  readonly tokens: readonly Token[];
  readonly top: number;
  readonly capacity: number;
  readonly signal: AbortSignal;
}

/**
 * Evaluates prompt and tokens in as few passes as their logits fit in; what a cache holds of the prompt is not evaluated
 * again.
 */
async function judge({ plan, tokens, top, capacity, signal }: Judgement) {
  const { writer, promptTokens } = plan;
  const { vocabulary } = writer.model;
  const chain = samplerOf(plan, positionNoise(plan.seed));
  const scores: TokenScore[] = [];
  const look = (row: Row): void => {
    const token = tokens[scores.length]!;
    const plain = plainScore(row, token, top);
    // The row is scratch to the sampler: only now.
    const probability = probabilityOf(chain.law(row), token);
    chain.push(token);
    const withBytes = <Known extends { readonly token: Token }>(known: Known): Known & { bytes: Uint8Array } => ({
      ...known,
      bytes: vocabulary.bytes(known.token, true),
    });
    scores.push({ ...withBytes(plain), top: plain.top.map(withBytes), probability });
  };
  // Passes of more rows may take other kernels than a verification, and see the tokens otherwise.
  const rows = Math.min(writer.batcher.rowsShown, STRICT_ROWS);
  const sequence = writer.batcher.open({ capacity, promptLength: promptTokens.length, signal }, plan.cacheable);
  try {
    if (tokens.length > 0) {
      await sequence.evaluate(promptTokens.slice(sequence.length), 1, ([row]) => look(row!));
      while (scores.length < tokens.length) {
        // Nobody looks behind the last token.
        const evaluated = tokens.slice(scores.length - 1, -1).slice(0, rows);
        await sequence.evaluate(evaluated, evaluated.length, (seen) => seen.forEach(look));
      }
    }
    return { scores, cachedTokens: sequence.reused };
  } finally {
    sequence.close();
  }
}

/** The last token is judged and not evaluated. */
function checkRoom(length: number, contextSize: number): void {
  if (length - 1 <= contextSize) return;
  throw new OutriderError(
    'context_exceeded',
    `prompt and text have ${length} tokens and the context holds ${contextSize}; shorten them or raise --ctx-size`,
    { promptTokens: length, contextSize },
  );
}

function plainScore(row: Row, token: Token, top: number): RowLogprobs & Pick<TokenScore, 'rank' | 'entropy'> {
  const known = logprobsOf(row, token, top);
  const own = row[token]!;
  const normaliser = own - known.logprob;
  let rank = 0;
  let entropy = 0;
  for (let other = 0; other < row.length; other++) {
    const logprob = row[other]! - normaliser;
    if (row[other]! > own || (row[other] === own && other < token)) rank += 1;
    if (logprob > Number.NEGATIVE_INFINITY) entropy -= Math.exp(logprob) * logprob;
  }
  return { ...known, rank, entropy };
}
