/** The name of one part of a split GGUF file: `PREFIX-00001-of-00003.gguf` is part 1 of 3, counted from 1. */
export interface SplitName {
  /** All before `-00001-of-`, folders included. */
  readonly prefix: string;
  readonly part: number;
  readonly parts: number;
}

const SPLIT_NAME = /^(?<prefix>.*)-(?<part>\d{5})-of-(?<parts>\d{5})\.gguf$/s;

/** Reads the name (or path) of a part; `undefined` for every other name, also for part 0 or a part beyond the last. */
export function parseSplitName(path: string): SplitName | undefined {
  const groups = SPLIT_NAME.exec(path)?.groups;
  if (groups === undefined) return undefined;
  const part = Number(groups.part);
  const parts = Number(groups.parts);
  if (part < 1 || part > parts) return undefined;
  return { prefix: groups.prefix!, part, parts };
}

/** The name of part `part` of a split file. Numbers have five digits, as llama.cpp writes and looks for them. */
export function formatSplitName({ prefix, part, parts }: SplitName): string {
  const digits = (value: number) => String(value).padStart(5, '0');
  return `${prefix}-${digits(part)}-of-${digits(parts)}.gguf`;
}
