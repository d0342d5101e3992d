import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../../bin/outrider.js', import.meta.url));

/** What is learnt in one run of a test must not decide the next, nor come from the user's own. */
export const CACHE = mkdtempSync(join(tmpdir(), 'outrider-cache-'));
process.on('exit', () => rmSync(CACHE, { recursive: true, force: true }));

/** The embedded pair. */
export const TARGET = fileURLToPath(new URL('../../../models/main-q8_0.gguf', import.meta.url));
export const DRAFT = fileURLToPath(new URL('../../../models/draft-q8_0.gguf', import.meta.url));

export interface SpawnOptions {
  readonly stdin?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called once, when the first text is there. */
  readonly onText?: (child: ChildProcessWithoutNullStreams) => void;
}

export interface SpawnOutcome {
  /** The exit code, or the signal that ended the process. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program in a process of its own. Its output is decoded strictly: what is no UTF-8 fails the test. */
export async function outrider(argv: readonly string[], options: SpawnOptions = {}): Promise<SpawnOutcome> {
  const { env = { ...process.env, XDG_CACHE_HOME: CACHE }, cwd = process.cwd(), stdin = '', onText } = options;
  const child = spawn(process.execPath, [PROGRAM, ...argv], { env, cwd });
  if (onText) child.stdout.once('data', () => onText(child));
  child.stdin.on('error', () => {}).end(stdin);
  const ended = once(child, 'close');
  const read = async (stream: NodeJS.ReadableStream): Promise<string> =>
    new TextDecoder('utf-8', { fatal: true }).decode(await buffer(stream).catch(() => Buffer.of()));
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  const [code, signal] = await ended;
  return { code: code ?? signal, stdout, stderr };
}
