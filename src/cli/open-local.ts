import type { EngineOptions } from '../engine/options.js';
import type { EngineService } from '../engine/service.js';
import { openKnowledge } from './learned.js';
import { engineOptionsFrom, type ModelFlags } from './model-flags.js';
import type { Output } from './output.js';
import type { ProgressLine } from './progress.js';
import type { Surroundings } from './surroundings.js';
import { visible } from './terminal.js';

export interface OpenLocalOptions {
  readonly flags: ModelFlags;
  readonly surroundings: Surroundings;
  /** Hears what the user should know of the models. */
  readonly notes: Output;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
}

/** Loads the models of a command into this process, with what was learnt of them before. */
export async function openLocal(options: OpenLocalOptions): Promise<EngineService> {
  const { flags, surroundings, notes, progress, signal } = options;
  const told: string[] = [];
  const knowledge = openKnowledge(surroundings, (problem) => told.push(problem));
  const engine: EngineOptions = {
    ...engineOptionsFrom(flags),
    ...(knowledge && { knowledge }),
    onProgress: progress.onLoad,
    signal,
  };
  const service = await surroundings.openService(engine, { env: surroundings.env }, 'this');
  for (const note of [...told, ...service.description.notes]) await notes.write(`note: ${visible(note)}\n`);
  return service;
}
