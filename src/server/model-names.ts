import type { Mode } from '../engine/events.js';
import type { EngineDescription } from '../engine/service.js';

/** A name by which clients may ask for models, and what it stands for. */
export interface ModelName {
  readonly id: string;
  /** Undefined: as the engine does without a wish. */
  readonly mode: Mode | undefined;
}

/**
 * What `/v1/models` lists: the target with its drafts (its own name), the target alone, the draft model alone. The first is
 * the default.
 */
export function modelNames({ target, drafts }: Pick<EngineDescription, 'target' | 'drafts'>): readonly ModelName[] {
  const [draft] = drafts;
  return [
    { id: target.name, mode: undefined },
    { id: `${target.name}:main`, mode: 'main' },
    // A pair of the same name (two quantisations of one model in two folders) leaves the name to the target.
    ...(draft === undefined
      ? []
      : [{ id: draft.name === target.name ? `${draft.name}:draft` : draft.name, mode: 'draft' as const }]),
  ];
}

/** The model of that name; an unknown or absent name means the default, since clients send names of other servers' models. */
export function modelNamed(description: EngineDescription, id: string | undefined): ModelName {
  const names = modelNames(description);
  return names.find((name) => name.id === id) ?? names[0]!;
}
