import { size } from '../engine/memory.js';
import type { TokenDifferences } from '../models/pair.js';
import type { Inspection, Machine, ModelInspection } from './inspect.js';
import type { MetadataValue } from './model-report.js';
import type { PairSummary } from './pair-summary.js';
import { type Paint, type Style, visible } from './terminal.js';

/** A label and what stands beside it, both as files say it; and how it looks. */
type Entry = readonly [label: string, value: string, style?: Style];

/** Longer texts in the metadata, chat templates above all, are cut. */
const LONGEST_VALUE = 100;

/** The inspection for people: a heading for each part, under it labels and values in two columns. */
export function inspectionLines({ models, pair, machine }: Inspection, paint: Paint): string[] {
  const section = (heading: string, entries: readonly Entry[]) => [
    paint('bold', visible(heading)),
    ...columns(entries, paint),
    '',
  ];
  return [
    ...models.flatMap((model) => [
      ...section(model.paths.join(', '), modelEntries(model)),
      ...section('Metadata', metadataEntries(model)),
    ]),
    ...(pair ? [...section('As a pair', pairEntries(pair))] : []),
    ...section('This machine', machineEntries(machine)),
  ].slice(0, -1);
}

function columns(entries: readonly Entry[], paint: Paint): string[] {
  const shown = entries.map(([label, value, style]) => ({ label: visible(label), value: visible(value), style }));
  const width = Math.max(0, ...shown.map(({ label }) => label.length));
  return shown.map(({ label, value, style }) => `  ${label.padEnd(width)}  ${style ? paint(style, value) : value}`);
}

function modelEntries(model: ModelInspection): Entry[] {
  const { vocabulary, chatTemplate, problem } = model;
  return [
    ['name', model.name ?? 'none'],
    ['architecture', architecture(model)],
    ['parameters', `${inMillions(model.parameterCount)} in ${model.tensorCount} tensors`],
    ['weights', `${size(model.weightsBytes)}: ${weights(model)}`],
    ['files', `${size(model.sizeBytes)}, GGUF version ${model.ggufVersion}`],
    ['context', model.trainedContext === undefined ? 'not said' : `trained for ${model.trainedContext} tokens`],
    ...(vocabulary
      ? ([
          ['vocabulary', `${vocabulary.type}, ${vocabulary.size} tokens`],
          ['special tokens', vocabulary.special.map(({ role, id, text }) => `${role} ${id} ${text}`).join(', ')],
          ['added to text', added(vocabulary)],
        ] satisfies Entry[])
      : []),
    ...(chatTemplate ? ([['chat format', chatFormat(chatTemplate)]] satisfies Entry[]) : []),
    [
      'recommends',
      Object.entries(model.sampling)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ') || 'no sampling',
    ],
    ...(problem ? ([['cannot be loaded', problem]] satisfies Entry[]) : []),
  ];
}

function architecture({ architecture, layers, embeddingLength, heads, keyValueHeads }: ModelInspection): string {
  const parts = [
    architecture ?? 'not said',
    layers && `${layers} layers`,
    embeddingLength && `width ${embeddingLength}`,
    heads && `${heads} heads${keyValueHeads === undefined ? '' : ` (${keyValueHeads} of keys and values)`}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function weights({ weights, weightsBytes }: ModelInspection): string {
  if (weights.length === 0) return 'none';
  return weights.map(({ type, bytes }) => `${type} ${((100 * bytes) / weightsBytes).toFixed(1)} %`).join(', ');
}

function added({ addsBos, addsEos }: { readonly addsBos: boolean; readonly addsEos: boolean }): string {
  return [addsBos && 'bos before', addsEos && 'eos behind'].filter(Boolean).join(', ') || 'nothing';
}

const FORMATS = { file: 'the file’s template', builtin: 'one of llama.cpp’s own', chatml: 'ChatML' } as const;

function chatFormat({ used, notes }: NonNullable<ModelInspection['chatTemplate']>): string {
  return [FORMATS[used], ...notes].join('; ');
}

function inMillions(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(2)} billion` : `${(count / 1e6).toFixed(2)} million`;
}

function metadataEntries({ metadata }: ModelInspection): Entry[] {
  return Object.entries(metadata).map(([key, value]) => [key, shown(value)]);
}

function shown(value: MetadataValue): string {
  if (typeof value === 'object') return `[${value.length} x ${value.arrayOf}]`;
  const text = typeof value === 'number' ? singlePrecision(value) : String(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}... (${text.length} characters)` : text;
}

/** Most fractions in GGUF files are 32-bit: seven digits are all they hold. */
function singlePrecision(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(7)));
}

function pairEntries(pair: PairSummary): Entry[] {
  const { metadataDifferences, roleMap } = pair;
  return [
    ['verdict', ...(pair.fits ? (['fits', 'green'] as const) : ([`does not fit: ${pair.reason}`, 'red'] as const))],
    ['equal tokens', `${pair.equalIds} of ${pair.sharedIds} shared ids`],
    ['unlike tokens', differences(pair.differing)],
    ['only in target', differences(pair.onlyTarget)],
    ['only in draft', differences(pair.onlyDraft)],
    ['under other ids', `${pair.movedTokens} tokens`],
    ['never drafted', `${pair.maskedTokens} tokens of the draft model`],
    ...roleMap.map(
      ({ role, target, draft }): Entry => [`${role} by role`, `${target} in the target, ${draft} in the draft`],
    ),
    ...metadataDifferences.map(
      ({ name, target, draft }): Entry => [name, `${target} in the target, ${draft} in the draft`],
    ),
    ...pair.advice.map((sentence, i): Entry => [i === 0 ? 'to expect' : '', sentence]),
  ];
}

function differences({ count, examples }: TokenDifferences): string {
  const shownExamples = examples.map(({ id, target, draft }) => {
    const texts = [target, draft].filter((text) => text !== undefined).map((text) => JSON.stringify(text));
    return `${id} ${texts.join(' / ')}`;
  });
  const more = count > examples.length ? ', ...' : '';
  return count === 0 ? 'none' : `${count}: ${shownExamples.join(', ')}${more}`;
}

function machineEntries({ llama, builds, gpuPackages, devices, memory }: Machine): Entry[] {
  const hasGpu = devices.some(({ kind }) => kind === 'gpu');
  return [
    ['llama.cpp', `${llama.version} in ${llama.directory}`],
    ...builds.map(({ source, note }, i): Entry => [i === 0 ? 'builds' : '', `${source}: ${note}`]),
    ['processor', llama.system.trim()],
    ...devices.map(
      ({ name, description, freeBytes, totalBytes }): Entry => [
        'device',
        `${name} ${description.trim()}, ${size(freeBytes)} of ${size(totalBytes)} free`,
      ],
    ),
    ['memory', `${size(memory.freeBytes)} of ${size(memory.totalBytes)} free`],
    ...(hasGpu ? [] : gpuPackages.map((command): Entry => ['for a GPU', command])),
  ];
}
