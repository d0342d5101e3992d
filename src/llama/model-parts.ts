import { basename, dirname, join } from 'node:path';
import { OutriderError } from '../errors.js';
import type { Functions } from './abi/v0.5.0/index.js';
import { type GgufFile, readGguf } from './gguf.js';

/** llama_split_path: `<prefix>-00001-of-00003.gguf`. */
const PART_NAME = /^(?<prefix>.+)-(?<number>\d{5})-of-(?<count>\d{5})\.gguf$/;

/**
 * Reads the headers of all files of a model: one, or the parts of a split model, given any of its parts. The others are
 * looked for by name beside the path as it was given: links are not followed first, because download caches keep parts
 * under names of their own behind links with the right ones.
 * @throws OutriderError model_not_found, model_invalid, in one line that names the file
 */
export async function readModelParts(functions: Functions, path: string): Promise<readonly GgufFile[]> {
  const given = await readGguf(functions, path);
  const count = given.metadata.get('split.count');
  const index = given.metadata.get('split.no');
  if (typeof count !== 'number' || typeof index !== 'number' || count <= 1) return [given];

  const number = index + 1;
  const name = PART_NAME.exec(basename(path))?.groups;
  if (!name || Number(name.count) !== count || Number(name.number) !== number) throw misnamed(path, number, count);
  const parts: GgufFile[] = [];
  for (let part = 1; part <= count; part++) {
    const partPath = join(dirname(path), partName(name.prefix as string, part, count));
    const file = part === number ? given : await readGguf(functions, partPath);
    if (file.metadata.get('split.no') !== part - 1 || file.metadata.get('split.count') !== count) {
      throw new OutriderError('model_invalid', `${partPath} is not part ${part} of ${count}, as its name says`, {
        path,
      });
    }
    parts.push(file);
  }
  return parts;
}

export function partName(prefix: string, part: number, count: number): string {
  const digits = (value: number) => String(value).padStart(5, '0');
  return `${prefix}-${digits(part)}-of-${digits(count)}.gguf`;
}

function misnamed(path: string, number: number, count: number): OutriderError {
  const wanted = partName('NAME', number, count);
  return new OutriderError(
    'model_invalid',
    `${path} is part ${number} of ${count} of a split model, but its name does not end as ${wanted}: keep the parts' names, and do not join parts with cat`,
    { path, part: number, parts: count },
  );
}
