import { readFile } from 'node:fs/promises';
import { OutriderError } from '../errors.js';
import type { ServeFlags } from './serve-flags.js';

/**
 * The keys of flags, file and environment together; none: no key is needed.
 * @throws OutriderError invalid_argument where keys were meant and there are none: the server would be open
 */
export async function readApiKeys(
  { apiKey = [], apiKeyFile }: Pick<ServeFlags, 'apiKey' | 'apiKeyFile'>,
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  if (apiKey.some((key) => key.trim() === '')) {
    throw new OutriderError('invalid_argument', '--api-key: expected a key, got an empty text');
  }
  const ofFile = apiKeyFile === undefined ? [] : await readKeyFile(apiKeyFile);
  const ofEnvironment = env.OUTRIDER_API_KEY ? [env.OUTRIDER_API_KEY] : [];
  return [...apiKey, ...ofFile, ...ofEnvironment].map((key) => key.trim());
}

async function readKeyFile(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new OutriderError('invalid_argument', `--api-key-file: cannot read ${path}: ${error.message}`);
  });
  const keys = text.split('\n').filter((line) => line.trim() !== '');
  if (keys.length > 0) return keys;
  throw new OutriderError('invalid_argument', `--api-key-file: expected a key a line, and ${path} has none`);
}
