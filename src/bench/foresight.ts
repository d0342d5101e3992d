/** From the texts of a workload to its oracle: traces of all drafters, under a budget. */
import { kindOf } from '../engine/drafting.js';
import type { Engine } from '../engine/index.js';
import { type MeasuredCosts, traceCosts } from './costs.js';
import { isGarbled } from './garbling-drafter.js';
import { openSequence, samplingOf, sharedDrawing } from './model-drafter.js';
import { oracleOf, type Trace } from './oracle.js';
import { ADAPTIVE } from './policies.js';
import { policySpeedup } from './replayed-policy.js';
import type { OracleResult } from './result.js';
import { affordableLength, type FinishedText, type ModelTracing, traceOf } from './trace.js';
import { requestsOf, STRETCH } from './workload-run.js';
import type { Workload } from './workloads.js';

export interface Hindsight {
  readonly engine: Engine;
  readonly workload: Workload;
  /** What was written, a text for each of its requests. */
  readonly texts: readonly FinishedText[];
  readonly seed: number;
  readonly costs: MeasuredCosts;
  /** Milliseconds of draft models, of all of them together. */
  readonly budgetMs: number;
  /** Milliseconds to the first tokens, which nobody can save. */
  readonly promptMs: number;
  /** Of the adaptive policy. */
  readonly speedup: number;
  readonly signal: AbortSignal | undefined;
}

/** What perfect foresight would have made of these texts with these drafters at these costs. */
export async function foresee(hindsight: Hindsight): Promise<OracleResult> {
  const { workload, texts, seed, costs, promptMs, speedup } = hindsight;
  const requests = requestsOf({ workload, policy: ADAPTIVE, tokens: 0, seed });
  const traces: Trace[] = [];
  for (const [i, text] of texts.entries()) {
    const drawing = sharedDrawing(hindsight.engine, requests[i]!, seed);
    const models = tracings(hindsight, text, drawing);
    try {
      traces.push(await traceOf(text, models));
    } finally {
      for (const { sequence } of models) sequence.close();
    }
  }
  const oracle = oracleOf({ traces, costs: traceCosts(costs), promptMs, speedup });
  return { ...oracle, policy: await policyOf(hindsight, traces) };
}

/** `undefined` where a replay would not be what ran: one draft model is replayed, and it drafts as it was traced. */
async function policyOf(hindsight: Hindsight, traces: readonly Trace[]): Promise<number | undefined> {
  const { engine, workload, texts, seed, costs, promptMs, signal } = hindsight;
  const { drafts, learnt } = engine.models;
  const [draft, ...smaller] = drafts;
  if (draft === undefined || smaller.length > 0 || workload.draft !== 'own') return undefined;
  const [request] = requestsOf({ workload, policy: ADAPTIVE, tokens: 0, seed });
  return await policySpeedup({
    texts: texts.map((text, i) => ({
      ...text,
      drafts: traces[i]!.drafts.map((at) => at.find(({ drafter }) => drafter === draft.name)),
    })),
    learnt: learnt.knowledge.toJSON(),
    target: costs.target,
    draft: { name: draft.name, costs: costs.drafts.get(draft.name)! },
    kind: kindOf({ sampling: samplingOf(engine, request!), leniency: 0 }),
    promptMs,
    signal,
  });
}

function tracings(hindsight: Hindsight, text: FinishedText, drawing: ModelTracing['drawing']): ModelTracing[] {
  const { engine, workload, texts, costs, budgetMs, signal } = hindsight;
  const { drafts } = engine.models;
  const positions = texts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const stretches = { promptTokens: text.prompt.length, stretch: STRETCH };
  return drafts.map((draft) => ({
    name: draft.name,
    sequence: openSequence(engine, draft),
    drawing,
    length: affordableLength(positions, costs.drafts.get(draft.name)!.at(1, 0), budgetMs / drafts.length),
    isNoise: (position) => workload.draft === 'garbled' && isGarbled(position, stretches),
    signal,
  }));
}
