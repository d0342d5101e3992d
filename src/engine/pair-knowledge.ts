import { cpus } from 'node:os';
import { CostCurve, type CostPoint, Knowledge } from '../speculative/index.js';
import type { Backend } from './backend.js';
import type { KnowledgeKey } from './knowledge-store.js';
import type { LoadedModel } from './loaded-model.js';
import { type CostMeasurement, measureCosts } from './measure-costs.js';
import type { EngineOptions } from './options.js';
import type { RowClass } from './row-class.js';
import { settleThreads } from './settle-threads.js';

/** Row counts whose cost is measured: drafts are verified in small passes; a draft model also catches up in large ones. */
const TARGET_ROWS = [1, 4, 2, 8, 3, 5, 9, 13, 17];
const DRAFT_ROWS = [1, 8, 2, 32];
const MEASURE_DEPTH = 16;
/** For each model, beyond two passes. */
const MEASURE_MS = 300;

/** What is known of a loaded pair, and how to keep it for the next process. */
export interface PairKnowledge {
  readonly knowledge: Knowledge;
  /** What a pass of the draft model costs: a part of `knowledge`. */
  readonly draftCosts: CostCurve;
  remember(): void;
}

export interface LoadedPair {
  readonly backend: Backend;
  readonly options: EngineOptions;
  readonly target: LoadedModel;
  readonly draft: LoadedModel;
  readonly rowClass: RowClass;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** What the store knows of the pair; what it does not know is measured, on the threads that the models are going to have. */
export async function knowledgeOf(pair: LoadedPair): Promise<PairKnowledge> {
  const { target, draft, options } = pair;
  for (const model of [draft, target]) await settle(pair, model);
  const key = keyOf(pair);
  const stored = options.knowledge?.load(key);
  const knowledge = new Knowledge(stored ?? { costs: { points: await timed(pair, target, TARGET_ROWS), levels: [1] } });
  const draftCosts = knowledge.draftCostsOf(draft.name) ?? new CostCurve(await timed(pair, draft, DRAFT_ROWS));
  knowledge.learnDraftCosts(draft.name, draftCosts);
  return { knowledge, draftCosts, remember: () => options.knowledge?.save(key, knowledge.toJSON()) };
}

async function settle({ options, now }: LoadedPair, model: LoadedModel): Promise<void> {
  const { threads, draftThreads, strict } = options;
  // Strict bits depend on the thread count, so there it is not for the day's load to decide.
  if ((model.role === 'target' ? threads : draftThreads) !== undefined || strict) return;
  await settleThreads(model, measurementOf(model, now));
}

function timed({ now }: LoadedPair, model: LoadedModel, rowCounts: readonly number[]): Promise<CostPoint[]> {
  const most = Math.min(halfOf(model), model.context.outputs);
  const fitting = rowCounts.filter((rows) => rows <= most);
  return measureCosts({ ...measurementOf(model, now), rowCounts: fitting, budgetMs: MEASURE_MS });
}

function measurementOf(model: LoadedModel, now: () => number): Omit<CostMeasurement, 'rowCounts' | 'budgetMs'> {
  return {
    batcher: model.batcher,
    vocabularySize: model.model.vocabulary.size,
    depth: Math.min(MEASURE_DEPTH, halfOf(model)),
    outputs: model.context.outputs,
    now,
  };
}

function halfOf({ context }: LoadedModel): number {
  return Math.floor(context.tokensPerSequence / 2);
}

function keyOf({ backend, target, draft, rowClass, options }: LoadedPair): KnowledgeKey {
  return {
    target: target.name,
    draft: draft.name,
    targetBytes: target.model.sizeBytes,
    draftBytes: draft.model.sizeBytes,
    kernels: `${backend.info.version} ${backend.info.package ?? backend.info.directory}`,
    processor: `${cpus()[0]?.model ?? 'unknown'} x${cpus().length}`,
    devices: backend.devices.map(({ name, description }) => `${name} ${description}`),
    layers: [options.gpuLayers ?? 'default', options.draftGpuLayers ?? 'default'],
    threads: [target.context.threads, draft.context.threads],
    rows: rowClass.kind,
  };
}
