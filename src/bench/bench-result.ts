import { cpus, totalmem } from 'node:os';
import type { BackendInfo, Engine, LoadedModel } from '../engine/index.js';
import type { BenchMachine, BenchModel, BenchResult } from './result.js';
import type { BenchPlan, Findings } from './runner.js';

/** What the bench ran on: told of the engine while it is loaded. */
export interface BenchSubject {
  readonly machine: BenchMachine;
  readonly models: BenchResult['models'];
  readonly strict: boolean;
  /** Folder of the shared libraries. */
  readonly libraries: string;
}

/** @param version Outrider's own */
export function subjectOf({ models }: Engine, info: BackendInfo, version: string): BenchSubject {
  const { target, drafts, draft, rowClass } = models;
  return {
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryBytes: totalmem(),
      node: process.version,
      outrider: version,
      llama: info.version,
      system: info.system.trim(),
      threads: { target: target.context.threads, draft: draft?.context.threads },
    },
    models: { target: modelOf(target), drafts: drafts.map(modelOf) },
    strict: rowClass.kind === 'strict',
    libraries: info.directory,
  };
}

function modelOf({ name, model: { parameterCount, sizeBytes, description } }: LoadedModel): BenchModel {
  return { name, parameters: parameterCount, bytes: sizeBytes, description };
}

export function benchResult(
  { machine, models, strict }: BenchSubject,
  { tokens }: BenchPlan,
  { repetitions, ...found }: Findings,
  date: Date,
): BenchResult {
  return { machine, date: date.toISOString(), models, settings: { tokens, repetitions, strict }, ...found };
}
