import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { OutriderError } from '../errors.js';
import { formatSplitName, parseSplitName } from './split-name.js';

/** A model on disk: one file, or all parts of a split one in order. Kernels load the first and find the rest by name. */
export interface ModelFiles {
  readonly paths: readonly [string, ...string[]];
  readonly sizeBytes: number;
}

/**
 * The files of the model that `path` names: a GGUF file, or any part of a split one. The parts are looked for beside the
 * path as it was given, not beside what it links to: a download cache keeps parts under hash names and links to them.
 * Only names and sizes are checked here, no contents.
 * @throws OutriderError model_not_found (missing, a folder, a link loop, no permission), model_invalid (empty)
 */
export async function resolveModelFiles(path: string): Promise<ModelFiles> {
  const given = await fileSize(path, (reason) => new OutriderError('model_not_found', `${path}: ${reason}`, { path }));
  const split = parseSplitName(path) ?? parseSplitName(await realpath(path));
  if (split === undefined) return { paths: [path], sizeBytes: given };

  const paths = Array.from({ length: split.parts }, (_, index) => formatSplitName({ ...split, part: index + 1 }));
  let sizeBytes = 0;
  for (const [index, part] of paths.entries()) {
    sizeBytes += await fileSize(part, (reason) => {
      const message = `${part}: ${reason}; part ${index + 1} of the ${split.parts} that ${path} belongs to is needed too`;
      return new OutriderError('model_not_found', message, { path: part, part: index + 1, parts: split.parts });
    });
  }
  return { paths: paths as [string, ...string[]], sizeBytes };
}

async function fileSize(path: string, notFound: (reason: string) => OutriderError): Promise<number> {
  let stats: Stats;
  try {
    stats = await stat(path);
  } catch (error) {
    throw notFound(reasonOf(error));
  }
  if (stats.isDirectory()) throw notFound('this is a folder; name a .gguf file in it');
  if (!stats.isFile()) throw notFound('this is not a regular file');
  if (stats.size === 0) {
    throw new OutriderError('model_invalid', `${path}: the file is empty; download it again`, { path });
  }
  return stats.size;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file (a part of the path is no folder)',
  ELOOP: 'the symbolic link leads back to itself',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  ENAMETOOLONG: 'the name is too long for a file',
};

function reasonOf(error: unknown): string {
  const { code = 'unknown error', message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}
