import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Location } from './locate.js';

/** Drivers that compile their kernels on the first start are slow, dead ones hang. */
const PATIENCE_MS = 60_000;

/** What the child sends. */
export type ProbeAnswer = { readonly gpus: readonly string[] } | { readonly error: string };

const CHILD = fileURLToPath(new URL(`./probe-child${extname(import.meta.url)}`, import.meta.url));

/**
 * Loads a build in a child process and lists the GPUs that it finds, by llama.cpp's descriptions. In this process a
 * build could never be unloaded again, and a broken driver would take the process with it.
 * `execArgv`: Node's own options for the child.
 * @throws Error in words when the build does not load, ends the child or hangs
 */
export async function probeGpus(location: Location, execArgv = process.execArgv): Promise<readonly string[]> {
  const child = fork(CHILD, [JSON.stringify(location)], {
    execArgv,
    stdio: 'ignore',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  let answer: ProbeAnswer | undefined;
  child.on('message', (message) => {
    answer = message as ProbeAnswer;
  });
  const [code, signal] = await once(child, 'exit').catch(() => [undefined, 'no answer in time']);
  if (answer === undefined) throw new Error(`its driver ends the process (${signal ?? `exit code ${code}`})`);
  if ('error' in answer) throw new Error(answer.error);
  return answer.gpus;
}
