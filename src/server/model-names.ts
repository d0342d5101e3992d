import type { Mode } from '../engine/events.js';
import type { EngineDescription, ModelDescription, ServiceRequest } from '../engine/service.js';

/** A name by which clients may ask for models, and what it stands for. */
export interface ModelName {
  readonly id: string;
  readonly mode: Mode;
  /** The draft model that writes, where the name is one's. */
  readonly writer?: string;
  /** For people. */
  readonly description: string;
}

type Models = Pick<EngineDescription, 'target' | 'drafts'>;

/**
 * What `/v1/models` lists: the target with its drafts (its own name), the target alone (`:main`), whoever the request
 * deserves (`:auto`), each of the draft models alone. The first is the default of requests that name none of them.
 */
export function modelNames(models: Models, defaultMode: Mode): readonly [ModelName, ...ModelName[]] {
  const names = [...targetNames(models), ...draftNames(models)];
  const usual = names.find(({ mode }) => mode === defaultMode) ?? names[0]!;
  return [usual, ...names.filter((name) => name !== usual)];
}

/** The model of that name; an unknown or absent name means the default, since clients send names of other servers' models. */
export function modelNamed(models: Models, id: string | undefined, defaultMode: Mode): ModelName {
  const names = modelNames(models, defaultMode);
  return names.find((name) => name.id === id) ?? names[0];
}

function targetNames({ target: { name }, drafts }: Models): readonly ModelName[] {
  const drafters = drafts.length > 0 ? drafts.map((draft) => draft.name).join(', ') : 'lookup in the text itself';
  const names: readonly ModelName[] = [
    { id: name, mode: 'speculative', description: `${name}, made faster by ${drafters}; the text is ${name}'s` },
    { id: `${name}:main`, mode: 'main', description: `${name} alone, without drafts` },
  ];
  if (drafts.length === 0) return names;
  return [
    ...names,
    { id: `${name}:auto`, mode: 'auto', description: `light requests by the draft model, weighty ones by ${name}` },
  ];
}

/** The largest first. One that is called as the target, or as one before it (two quantisations of one model), leaves the name to that. */
function draftNames({ target, drafts }: Models): readonly ModelName[] {
  const bySize = drafts.toSorted((one, other) => other.parameters - one.parameters);
  return [...new Set(bySize.map(({ name }) => name))].map((name) => ({
    id: name === target.name ? `${name}:draft` : name,
    mode: 'draft',
    writer: name,
    description: `${name} alone: fast, and less able than ${target.name}`,
  }));
}

/** What a name asks of the engine, unless the request has a mode of its own. */
export function modeOf(
  { mode, writer }: Pick<ModelName, 'mode' | 'writer'>,
  asked: Mode | undefined,
): Pick<ServiceRequest, 'mode' | 'writer'> {
  if (asked !== undefined && asked !== mode) return { mode: asked };
  return { mode, ...(writer !== undefined && { writer }) };
}

/** The model whose tokens a request names; in mode `auto` the target, since a draft model that lacks them does not write. */
export function writerOf(
  { target, drafts }: Models,
  { mode, writer }: Pick<ServiceRequest, 'mode' | 'writer'>,
): ModelDescription {
  if (mode !== 'draft') return target;
  return drafts.find(({ name }) => name === writer) ?? drafts[0] ?? target;
}
