/** The flags that name the models to load, and where and how; every command that loads some has them. */
import type { Command, OptionValues } from 'commander';
import { CACHE_TYPES, type CacheType } from '../engine/backend.js';
import type { EngineOptions } from '../engine/options.js';
import { given } from '../given.js';
import { EMBEDDED_DRAFT, EMBEDDED_TARGET } from './default-models.js';
import { anyText, integer, listOption, oneOf, valueOption, wordOr } from './options.js';

export interface ModelFlags extends OptionValues {
  readonly model?: string;
  readonly modelDraft?: readonly string[];
  readonly draftOptional?: true;
  readonly ctxSize?: number;
  readonly threads?: number;
  readonly threadsDraft?: number;
  readonly gpuLayers?: number | 'all';
  readonly gpuLayersDraft?: number | 'all';
  readonly cacheTypeK?: CacheType;
  readonly cacheTypeV?: CacheType;
  readonly cacheTypeKDraft?: CacheType;
  readonly cacheTypeVDraft?: CacheType;
  readonly strict?: true;
  readonly contextShift?: true;
}

const atLeastOne = integer({ from: 1 });
const layers = wordOr('all', integer({ from: 0 }));
const cacheType = oneOf(CACHE_TYPES);

export function addModelFlags(command: Command): Command {
  command.optionsGroup('Models (without any of them: the embedded pair):');
  command.option('-m, --model <path>', 'the target: the GGUF model whose text you get');
  command.addOption(listOption('--model-draft <path>', '-md: a small model that drafts for it', anyText));
  command.option('--draft-optional', 'go on without a draft model that does not fit');
  command.addOption(
    valueOption('-c, --ctx-size <tokens>', 'prompt and answer together (the trained size, 4096 at most)', atLeastOne),
  );
  command.addOption(valueOption('-t, --threads <count>', 'threads of the target (by its size)', atLeastOne));
  command.addOption(
    valueOption('--threads-draft <count>', '-td: threads of the draft model (by its size)', atLeastOne),
  );
  command.addOption(
    valueOption('--gpu-layers <count>', "-ngl: the target's layers on the GPU, or 'all' (all)", layers),
  );
  command.addOption(valueOption('--gpu-layers-draft <count>', '-ngld: the same for the draft model (0)', layers));
  command.addOption(
    valueOption('--cache-type-k <type>', `-ctk: the target's cached keys: ${CACHE_TYPES.join(', ')} (f16)`, cacheType),
  );
  command.addOption(valueOption('--cache-type-v <type>', "-ctv: the target's cached values (f16)", cacheType));
  command.addOption(valueOption('--cache-type-k-draft <type>', '-ctkd: keys of the draft model (f16)', cacheType));
  command.addOption(valueOption('--cache-type-v-draft <type>', '-ctvd: values of the draft model (f16)', cacheType));
  return command;
}

/** For commands whose answers may be longer than a context. */
export function addContextShiftFlag(command: Command): void {
  const help = 'answers with a limit go on where the context ends; the oldest half of it goes';
  command.option('--context-shift', help);
}

/** What to load. Without `-m` the embedded target; without any model the embedded pair. */
export function engineOptionsFrom(flags: ModelFlags): EngineOptions {
  const standard = flags.model === undefined ? [EMBEDDED_DRAFT] : [];
  return {
    target: flags.model ?? EMBEDDED_TARGET,
    drafts: flags.modelDraft ?? standard,
    ...given({
      contextSize: flags.ctxSize,
      threads: flags.threads,
      draftThreads: flags.threadsDraft,
      gpuLayers: flags.gpuLayers,
      draftGpuLayers: flags.gpuLayersDraft,
      cacheTypeK: flags.cacheTypeK,
      cacheTypeV: flags.cacheTypeV,
      draftCacheTypeK: flags.cacheTypeKDraft,
      draftCacheTypeV: flags.cacheTypeVDraft,
      strict: flags.strict,
      contextShift: flags.contextShift,
      draftOptional: flags.draftOptional,
    }),
  };
}
