/** `outrider inspect`: what a model is, whether two go together, and what this machine offers them. */
import { totalmem } from 'node:os';
import type { Device } from '../engine/backend.js';
import { chatTemplateOf } from '../engine/prompt.js';
import { OutriderError } from '../errors.js';
import type { Candidate, LlamaBackend, ModelOutline } from '../llama/index.js';
import { freeMemory } from '../models/free-memory.js';
import type { ChatTemplate } from '../text/chat-template.js';
import { inspectionLines } from './inspection-lines.js';
import { type ModelReport, reportModel } from './model-report.js';
import { type PairSummary, summarisePair } from './pair-summary.js';
import type { Outputs } from './run.js';
import type { Surroundings } from './surroundings.js';
import { painter, wantsColour } from './terminal.js';
import { reportVocabulary, type VocabularyReport } from './vocabulary-report.js';

export interface InspectFlags {
  readonly json?: true;
}

export interface Inspection {
  /** The target first, then the draft. */
  readonly models: readonly ModelInspection[];
  /** Where two models were named and both can be loaded. */
  readonly pair?: PairSummary;
  readonly machine: Machine;
}

/** The file's part is always there, vocabulary and chat template only of a model that can be loaded. */
export interface ModelInspection extends ModelReport {
  readonly vocabulary?: VocabularyReport;
  /** Where the chat format comes from, and what is to be known of it. */
  readonly chatTemplate?: { readonly used: ChatTemplate['used']; readonly notes: readonly string[] };
  /** Why it cannot be loaded. */
  readonly problem?: string;
}

export interface Machine {
  readonly llama: LlamaBackend['info'];
  /** The builds of llama.cpp that were looked for, in order of preference. */
  readonly builds: readonly Candidate[];
  /** Commands that would add a GPU build. */
  readonly gpuPackages: readonly string[];
  readonly devices: readonly Device[];
  readonly memory: { readonly freeBytes: number; readonly totalBytes: number };
}

type InspectedBackend = Pick<LlamaBackend, 'info' | 'report' | 'devices' | 'readGguf' | 'loadOutline' | 'close'>;

/**
 * Runs the command. What a file says is shown also when the model cannot be loaded.
 * @throws OutriderError for files that cannot be read and, after the report, for the first model that cannot be loaded
 */
export async function inspect(
  paths: readonly string[],
  flags: InspectFlags,
  { out }: Outputs,
  { stdout, env, openBackend }: Surroundings,
): Promise<void> {
  const backend = await openBackend({ env });
  try {
    const { inspection, problem } = await inspectAll(backend, paths);
    const paint = painter(wantsColour(stdout, env));
    const text = flags.json ? JSON.stringify(inspection) : inspectionLines(inspection, paint).join('\n');
    await out.write(`${text}\n`);
    if (problem !== undefined) throw problem;
  } finally {
    backend.close();
  }
}

interface Findings {
  readonly inspection: Inspection;
  readonly problem: OutriderError | undefined;
}

async function inspectAll(backend: InspectedBackend, paths: readonly string[]): Promise<Findings> {
  const reports: ModelReport[] = [];
  for (const path of paths) reports.push(await reportModel((part) => backend.readGguf(part), path));
  const loaded: (ModelOutline | OutriderError)[] = [];
  for (const { paths } of reports) loaded.push(await load(backend, paths[0] as string));

  const [target, draft] = loaded;
  const pair = isModel(target) && isModel(draft) ? { pair: summarisePair(target, draft) } : {};
  const models = reports.map((report, i) => ({
    ...report,
    ...loadedPart(loaded[i] as ModelOutline | OutriderError),
  }));
  return {
    inspection: { models, ...pair, machine: inspectMachine(backend) },
    problem: loaded.find((model) => model instanceof OutriderError),
  };
}

async function load(backend: InspectedBackend, path: string): Promise<ModelOutline | OutriderError> {
  try {
    return await backend.loadOutline(path);
  } catch (error) {
    if (error instanceof OutriderError) return error;
    throw error;
  }
}

function isModel(model: ModelOutline | OutriderError | undefined): model is ModelOutline {
  return model !== undefined && !(model instanceof OutriderError);
}

function loadedPart(model: ModelOutline | OutriderError): Omit<ModelInspection, keyof ModelReport> {
  if (!isModel(model)) return { problem: model.message };
  const { used, notes } = chatTemplateOf(model);
  return { vocabulary: reportVocabulary(model.vocabulary), chatTemplate: { used, notes } };
}

function inspectMachine({ info, report, devices }: InspectedBackend): Machine {
  return {
    llama: info,
    builds: report.candidates,
    gpuPackages: report.gpuPackages,
    devices,
    memory: { freeBytes: freeMemory(), totalBytes: totalmem() },
  };
}
