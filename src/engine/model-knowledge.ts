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
const MUCH_LESS = 0.8;
/** For each model, beyond two passes. */
const MEASURE_MS = 300;

/** What is known of loaded models, and how to keep it for the next process. */
export interface ModelKnowledge {
  /** What passes cost, of the target and of each draft by its name, and what drafts are worth. */
  readonly knowledge: Knowledge;
  remember(): void;
}

export interface LoadedGroup {
  readonly backend: Backend;
  readonly options: EngineOptions;
  readonly target: LoadedModel;
  readonly drafts: readonly LoadedModel[];
  readonly rowClass: RowClass;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** What the store knows of them; what it does not know is measured, on the threads that the models are going to have. */
export async function knowledgeOf(group: LoadedGroup): Promise<ModelKnowledge> {
  const { target, drafts, options } = group;
  for (const model of [...drafts, target]) await settle(group, model);
  const key = keyOf(group);
  const stored = options.knowledge?.load(key);
  const knowledge = new Knowledge(stored ?? { costs: { points: await timed(group, target, TARGET_ROWS) } });
  for (const draft of drafts) {
    const known = knowledge.draftCostsOf(draft.name);
    if (known !== undefined && !(await isTooDear(group, draft, known))) continue;
    knowledge.learnDraftCosts(draft.name, new CostCurve({ points: await timed(group, draft, DRAFT_ROWS) }));
  }
  return { knowledge, remember: () => options.knowledge?.save(key, knowledge.toJSON()) };
}

/**
 * Whether passes of a draft take much less than was stored. Who counts as too dear is not asked, so no pass would ever say
 * better; one that counts as too cheap is, and its passes do.
 */
async function isTooDear(group: LoadedGroup, draft: LoadedModel, known: CostCurve): Promise<boolean> {
  const [plain] = await timed(group, draft, [1]);
  return plain !== undefined && plain.ms < MUCH_LESS * known.at(plain.rows, 0);
}

async function settle(group: LoadedGroup, model: LoadedModel): Promise<void> {
  const { threads, draftThreads, strict } = group.options;
  // Strict bits depend on the thread count, so there it is not for the day's load to decide.
  if ((model.role === 'target' ? threads : draftThreads) !== undefined || strict) return;
  await settleThreads(model, measurementOf(group, model));
}

function timed(group: LoadedGroup, model: LoadedModel, rowCounts: readonly number[]): Promise<CostPoint[]> {
  const most = Math.min(halfOf(model), model.context.outputs);
  const fitting = rowCounts.filter((rows) => rows <= most);
  return measureCosts({ ...measurementOf(group, model), rowCounts: fitting, budgetMs: MEASURE_MS });
}

function measurementOf(
  { options, now }: LoadedGroup,
  model: LoadedModel,
): Omit<CostMeasurement, 'rowCounts' | 'budgetMs'> {
  return {
    batcher: model.batcher,
    vocabularySize: model.model.vocabulary.size,
    depth: Math.min(MEASURE_DEPTH, halfOf(model)),
    outputs: model.context.outputs,
    now,
    onPass: () => options.onProgress?.({ type: 'trial', role: model.role }),
  };
}

function halfOf({ context }: LoadedModel): number {
  return Math.floor(context.tokensPerSequence / 2);
}

function keyOf({ backend, target, drafts, rowClass, options }: LoadedGroup): KnowledgeKey {
  return {
    target: fileOf(target),
    drafts: drafts.map(fileOf),
    kernels: `${backend.info.version} ${backend.info.package ?? backend.info.directory}`,
    processor: `${cpus()[0]?.model ?? 'unknown'} x${cpus().length}`,
    devices: backend.devices.map(({ name, description }) => `${name} ${description}`),
    layers: [options.gpuLayers ?? 'default', options.draftGpuLayers ?? 'default'],
    threads: [target, ...drafts].map(({ context }) => context.threads),
    rows: rowClass.kind,
    cacheTypes: [options.cacheTypeK, options.cacheTypeV, options.draftCacheTypeK, options.draftCacheTypeV].map(
      (type = 'f16') => type,
    ),
  };
}

function fileOf({ name, model }: LoadedModel): { name: string; bytes: number } {
  return { name, bytes: model.sizeBytes };
}
