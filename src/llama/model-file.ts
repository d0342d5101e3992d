import { open, stat } from 'node:fs/promises';
import { OutriderError } from '../errors.js';

const MAGIC = 'GGUF';

/**
 * Checks what can be known of a model file without parsing it: that it is there, is a file, can be read, is not empty
 * and begins as a GGUF file does. The path is taken as it is: `~` is not expanded.
 * @throws OutriderError model_not_found, model_invalid
 */
export async function checkModelFile(path: string): Promise<{ readonly sizeBytes: number }> {
  let start: Buffer;
  let sizeBytes: number;
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw invalid(path, 'is a folder; name the .gguf file in it');
    if (!stats.isFile()) throw invalid(path, 'is not a regular file; name a .gguf file');
    sizeBytes = stats.size;
    start = await firstBytes(path);
  } catch (error) {
    throw error instanceof OutriderError ? error : notReadable(path, error as NodeJS.ErrnoException);
  }
  if (sizeBytes === 0) throw invalid(path, 'is empty; download it again');
  const magic = start.toString('latin1');
  if (magic !== MAGIC) throw invalid(path, `is no GGUF file (it begins with ${describeBytes(start)}, not "GGUF")`);
  return { sizeBytes };
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function describeBytes(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return /^[\x20-\x7e]+$/.test(text) ? JSON.stringify(text) : `bytes ${bytes.toString('hex')}`;
}

function invalid(path: string, what: string): OutriderError {
  return new OutriderError('model_invalid', `${path} ${what}`, { path });
}

function notReadable(path: string, error: NodeJS.ErrnoException): OutriderError {
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    ENOTDIR: 'a part of the path is not a folder',
    ELOOP: 'its symbolic links form a loop',
    EACCES: 'no permission to read it',
    EPERM: 'no permission to read it',
    ENAMETOOLONG: 'the path is too long',
  };
  const hint = path.startsWith('~') ? '; "~" is not expanded here: write the whole path' : '';
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new OutriderError('model_not_found', `cannot open the model ${path}: ${reason}${hint}`, { path });
}
