/** After a run: what each drafter would have proposed at every position of the text, for the oracle. */
import {
  commonLength,
  type DraftLength,
  drawShared,
  LookupDrafter,
  probabilityOf,
  type Sequence,
  type Token,
} from '../speculative/index.js';
import { asNoise } from './costs.js';
import type { Drawing } from './model-drafter.js';
import type { Trace, TracedDraft } from './oracle.js';

/** The longest draft that the engine makes by itself. */
export const LONGEST = 16;
const LEAST = 2;

/** A request's text. */
export interface FinishedText {
  readonly prompt: readonly Token[];
  /** What was generated, the first token included. */
  readonly tokens: readonly Token[];
}

export interface ModelTracing {
  readonly name: string;
  /** An empty timeline of the draft model, in the target's token ids; the caller closes it. */
  readonly sequence: Sequence;
  readonly drawing: Drawing;
  /** How many tokens to draft at each position (see `affordableLength`). */
  readonly length: number;
  /** Positions at which the drafter's tokens are noise (garbling-drafter.ts). */
  readonly isNoise: (position: number) => boolean;
  readonly signal: AbortSignal | undefined;
}

/** How long the drafts can be, of 16 at most, if tracing `positions` of them may take `budgetMs` at that price a token. */
export function affordableLength(positions: number, tokenMs: number, budgetMs: number): number {
  return Math.max(LEAST, Math.min(LONGEST, Math.floor(budgetMs / (positions * tokenMs))));
}

/** What lookup and the given models draft, by position. */
export async function traceOf(text: FinishedText, models: readonly ModelTracing[]): Promise<Trace> {
  const kinds = [await lookupDrafts(text)];
  for (const model of models) kinds.push(await modelDrafts(text, model));
  const drafts = text.tokens.map((_, position) => (position === 0 ? [] : kinds.map((kind) => kind[position - 1]!)));
  return { promptTokens: text.prompt.length, drafts };
}

/** Teacher-forced: at each position the model sees the text so far, and drafts on alone from there. */
async function modelDrafts(text: FinishedText, tracing: ModelTracing): Promise<TracedDraft[]> {
  const { name, sequence, drawing, length, isNoise, signal } = tracing;
  const context = [...text.prompt, ...text.tokens];
  const sampler = drawing.sampler(text.prompt);
  const traced: TracedDraft[] = [];
  for (let at = text.prompt.length + 1; at < context.length; at++) {
    signal?.throwIfAborted();
    sampler.push(context[at - 1]!);
    const tokens: Token[] = [];
    const confidences: number[] = [];
    for (let pending = context.slice(sequence.length, at); tokens.length < length; pending = tokens.slice(-1)) {
      const [law] = await sequence.evaluate(pending, 1, (rows) => rows.map((row) => sampler.law(row)));
      const token = drawShared(law!, drawing.noise, sampler.length);
      sampler.push(token);
      tokens.push(token);
      confidences.push(probabilityOf(law!, token));
    }
    sequence.rewind(at);
    sampler.rewind(at);
    const draft = { drafter: name, confidences, matched: commonLength(tokens, context.slice(at, at + tokens.length)) };
    traced.push(isNoise(at) ? { ...draft, drafter: asNoise(name), matched: 0 } : draft);
  }
  return continued(traced);
}

/** A draft that was cut while all of it came goes on as the one from there does: the model stands behind the same text. */
function continued(traced: readonly TracedDraft[]): TracedDraft[] {
  const longer = [...traced];
  for (let i = traced.length - 1; i >= 0; i--) {
    const { drafter, confidences, matched } = traced[i]!;
    const next = longer[i + matched];
    if (matched < confidences.length || next?.drafter !== drafter) continue;
    longer[i] = {
      drafter,
      confidences: [...confidences, ...next.confidences].slice(0, LONGEST),
      matched: Math.min(LONGEST, matched + next.matched),
    };
  }
  return longer;
}

async function lookupDrafts({ prompt, tokens }: FinishedText): Promise<TracedDraft[]> {
  const drafter = new LookupDrafter();
  const context = [...prompt, ...tokens];
  const traced: TracedDraft[] = [];
  for (let at = prompt.length + 1; at < context.length; at++) {
    const request = {
      context: context.slice(0, at),
      prefix: [],
      rule: 'matching' as const,
      room: LONGEST,
      affordable: 0,
      length: EVERYTHING,
      signal: undefined,
    };
    const draft = await drafter.propose(request);
    traced.push({
      drafter: drafter.name,
      confidences: draft.confidences,
      matched: commonLength(draft.tokens, context.slice(at, at + draft.tokens.length)),
    });
  }
  return traced;
}

/** Takes whatever there is. */
const EVERYTHING: DraftLength = { wants: () => true, admits: () => true };
