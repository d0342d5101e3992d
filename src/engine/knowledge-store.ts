import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KnowledgeState } from '../speculative/index.js';

/** What was learnt holds for these files on this machine with these kernels and threads, and for nothing else. */
export interface KnowledgeKey {
  readonly target: KnownFile;
  /** The largest first; none where only the text itself was looked up. */
  readonly drafts: readonly KnownFile[];
  readonly kernels: string;
  readonly processor: string;
  readonly devices: readonly string[];
  /** Layers on the GPUs, of target and drafts, as asked for. */
  readonly layers: readonly (number | string)[];
  readonly threads: readonly number[];
  readonly rows: 'free' | 'strict';
  /** Of cached keys and values, of target and drafts. */
  readonly cacheTypes: readonly string[];
}

/** A model's file; its size in bytes tells files of one name apart. */
export interface KnownFile {
  readonly name: string;
  readonly bytes: number;
}

/** Keeps what was learnt of a pair from one process to the next. It never throws: what cannot be kept is learnt again. */
export interface KnowledgeStore {
  load(key: KnowledgeKey): KnowledgeState | undefined;
  save(key: KnowledgeKey, state: KnowledgeState): void;
}

/** A pair that something is known of. */
export interface KnownPair {
  readonly key: KnowledgeKey;
  readonly savedAt: string;
  readonly state: KnowledgeState;
}

/** Grows when the meaning of the numbers changes; files of other versions are ignored. */
const VERSION = 6;
/** Costs change with drivers and habits: after this long everything is measured anew. */
const STALE_MS = 30 * 24 * 3600 * 1000;

/** One JSON file a pair in a folder; a damaged, stale or foreign file counts as none. */
export class FileKnowledgeStore implements KnowledgeStore {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #complain: (problem: string) => void;

  /** @param complain hears, once, why nothing can be remembered */
  constructor(folder: string, now: () => number, complain: (problem: string) => void) {
    this.#folder = folder;
    this.#now = now;
    this.#complain = once(complain);
  }

  load(key: KnowledgeKey): KnowledgeState | undefined {
    return this.#read(this.#fileOf(key))?.state;
  }

  save(key: KnowledgeKey, state: KnowledgeState): void {
    const file = this.#fileOf(key);
    const known = { version: VERSION, savedAt: new Date(this.#now()).toISOString(), key, state };
    try {
      mkdirSync(this.#folder, { recursive: true });
      // Written beside and renamed: a process that ends in the middle leaves the old file.
      writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(known)}\n`);
      renameSync(`${file}.${process.pid}`, file);
    } catch (error) {
      this.#complain(`nothing is remembered for the next time: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** All that is known, in no order. */
  list(): KnownPair[] {
    return this.#files().flatMap((file) => this.#read(file) ?? []);
  }

  /** Forgets everything; returns how many pairs that were. */
  forget(): number {
    const files = this.#files();
    for (const file of files) rmSync(file, { force: true });
    return files.length;
  }

  #files(): string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => join(this.#folder, name));
    } catch {
      return [];
    }
  }

  #fileOf(key: KnowledgeKey): string {
    return join(this.#folder, `${createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32)}.json`);
  }

  #read(file: string): KnownPair | undefined {
    try {
      const known: unknown = JSON.parse(readFileSync(file, 'utf8'));
      if (!isKnownPair(known)) return undefined;
      const fresh = Date.parse(known.savedAt) >= this.#now() - STALE_MS;
      if (!fresh) return undefined;
      return { key: known.key, savedAt: known.savedAt, state: known.state };
    } catch {
      return undefined;
    }
  }
}

/**
 * Where a user's caches are, by the habits of the system; `undefined` where there is no home. A home that does not exist is
 * none: service accounts have such, and making it is not for us.
 */
export function cacheFolder(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
  exists: (path: string) => boolean = existsSync,
): string | undefined {
  const named = env.HOME ?? env.USERPROFILE;
  const home = named && exists(named) ? named : undefined;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'outrider');
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'outrider', 'cache');
  if (!home) return undefined;
  return platform === 'darwin' ? join(home, 'Library', 'Caches', 'outrider') : join(home, '.cache', 'outrider');
}

function isKnownPair(value: unknown): value is KnownPair & { version: number } {
  if (!isRecord(value) || value.version !== VERSION || typeof value.savedAt !== 'string' || !isRecord(value.key))
    return false;
  const { state } = value;
  return (
    isRecord(state) &&
    isCurve(state.costs) &&
    isRecord(state.draftCosts) &&
    Object.values(state.draftCosts).every(isCurve) &&
    isRecord(state.ledger) &&
    ['elapsed', 'loss', 'probed'].every((name) => hasNumber(state.ledger, name)) &&
    isRecord(state.acceptance) &&
    Object.values(state.acceptance).every(isAcceptance)
  );
}

function isCurve(value: unknown): boolean {
  return (
    isRecord(value) &&
    isListOf(value.points, (point) => isRecord(point) && isPositive(point.rows) && isPositive(point.ms)) &&
    value.points.length > 0 &&
    isListOf(value.levels, isPositive) &&
    value.levels.length > 0 &&
    hasNumber(value, 'wayBack')
  );
}

function isAcceptance(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const list = (name: string, length: number): boolean =>
    isListOf(value[name], Number.isFinite) && (value[name] as unknown[]).length === length;
  return (
    list('weights', 2) && list('squares', 2) && list('counts', 56) && list('logits', 7) && hasNumber(value, 'judged')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, holds: (entry: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every(holds);
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function hasNumber(value: unknown, name: string): boolean {
  return isRecord(value) && typeof value[name] === 'number' && Number.isFinite(value[name]);
}

function once(listener: (problem: string) => void): (problem: string) => void {
  let told = false;
  return (problem) => {
    if (told) return;
    told = true;
    listener(problem);
  };
}
