import type { GgufFile, GgufValue } from '../llama/index.js';
import { resolveModelFiles } from '../models/files.js';
import { type PartialSampling, recommendedSampling } from '../sampling/index.js';

/** What a model's files say about it, read from their headers alone. */
export interface ModelReport {
  /** All files, in order. */
  readonly paths: readonly string[];
  /** Of all files, headers included. */
  readonly sizeBytes: number;
  readonly ggufVersion: number;
  readonly name: string | undefined;
  readonly architecture: string | undefined;
  readonly tensorCount: number;
  readonly parameterCount: number;
  /** Bytes of all tensors, and by the type of their elements, the largest share first. */
  readonly weightsBytes: number;
  readonly weights: readonly { readonly type: string; readonly bytes: number }[];
  /** Tokens that it was trained for. */
  readonly trainedContext: number | undefined;
  readonly layers: number | undefined;
  readonly embeddingLength: number | undefined;
  readonly heads: number | undefined;
  readonly keyValueHeads: number | undefined;
  /** The sampling that the file recommends. */
  readonly sampling: PartialSampling;
  readonly metadata: Readonly<Record<string, MetadataValue>>;
}

/** As JSON has it: integers beyond 2^53 as text, arrays by element type and length. */
export type MetadataValue = string | number | boolean | { readonly arrayOf: string; readonly length: number };

/**
 * Reads the headers of all files of a model.
 * @throws OutriderError model_not_found, model_invalid
 */
export async function reportModel(readGguf: (path: string) => Promise<GgufFile>, path: string): Promise<ModelReport> {
  const { paths, sizeBytes } = await resolveModelFiles(path);
  const files: GgufFile[] = [];
  for (const part of paths) files.push(await readGguf(part));

  const [{ metadata, version }] = files as [GgufFile];
  const architecture = textOf(metadata.get('general.architecture'));
  const ofArchitecture = (key: string) => numberOf(metadata.get(`${architecture}.${key}`));
  const tensors = files.flatMap((file) => file.tensors);
  return {
    paths,
    sizeBytes,
    ggufVersion: version,
    name: textOf(metadata.get('general.name')),
    architecture,
    tensorCount: tensors.length,
    parameterCount: sum(tensors.map(({ shape }) => shape.reduce((product, length) => product * length, 1))),
    weightsBytes: sum(tensors.map(({ bytes }) => bytes)),
    weights: bytesByType(tensors),
    trainedContext: ofArchitecture('context_length'),
    layers: ofArchitecture('block_count'),
    embeddingLength: ofArchitecture('embedding_length'),
    heads: ofArchitecture('attention.head_count'),
    keyValueHeads: ofArchitecture('attention.head_count_kv'),
    sampling: recommendedSampling(new Map([...metadata].map(([key, value]) => [key, String(value)]))),
    metadata: Object.fromEntries([...metadata].map(([key, value]) => [key, jsonValue(value)])),
  };
}

function bytesByType(tensors: GgufFile['tensors']): ModelReport['weights'] {
  const bytes = new Map<string, number>();
  for (const tensor of tensors) bytes.set(tensor.type, (bytes.get(tensor.type) ?? 0) + tensor.bytes);
  return [...bytes].map(([type, bytes]) => ({ type, bytes })).sort((one, other) => other.bytes - one.bytes);
}

function jsonValue(value: GgufValue): MetadataValue {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function textOf(value: GgufValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Some models give a list where others give one number, a head count for each layer: then there is no one number. */
function numberOf(value: GgufValue | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
