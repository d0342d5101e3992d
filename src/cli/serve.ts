/** `outrider serve`: the models behind HTTP, until it is told to stop. Everything it says goes to standard error. */

import type { EngineService } from '../engine/service.js';
import { OutriderError } from '../errors.js';
import { DIALECTS } from '../server/dialects.js';
import { createLog } from '../server/logging.js';
import { Server } from '../server/server.js';
import { SERVER_DEFAULTS } from '../server/settings.js';
import { readApiKeys } from './api-keys.js';
import { openKnowledge } from './learned.js';
import { LogLines } from './log-lines.js';
import { ProgressLine } from './progress.js';
import type { Outputs } from './run.js';
import { readServeConfig } from './serve-config.js';
import { DEFAULT_HOST, DEFAULT_PORT, type ServeFlags, servedEngine, settingsFrom } from './serve-flags.js';
import { type Served, summaryLines } from './serve-summary.js';
import type { Surroundings, TextSink } from './surroundings.js';
import { visible } from './terminal.js';

/**
 * Serves until SIGTERM or Ctrl-C; resolves when all is closed. A second signal ends what still runs.
 * @param typed the flags of the command line, without defaults
 * @throws OutriderError
 */
export async function serve(
  typed: ServeFlags,
  { err }: Pick<Outputs, 'err'>,
  surroundings: Surroundings,
): Promise<void> {
  const config = await readServeConfig(typed.config, surroundings.folder);
  const flags: ServeFlags = { ...config?.flags, ...typed };
  const apiKeys = await readApiKeys(flags, surroundings.env);
  const { version, now, clock, stderr } = surroundings;
  const host = flags.host ?? DEFAULT_HOST;
  const server = await Server.open({
    host,
    port: flags.port ?? DEFAULT_PORT,
    settings: settingsFrom(flags, apiKeys),
    dialects: DIALECTS,
    version,
    log: createLog(flags.logLevel ?? 'info', stderr.isTTY === true ? linesTo(stderr) : stderr),
    now,
    clock,
  });
  const stop = new StopSignal(surroundings, () => server.hurry());
  let service: EngineService | undefined;
  try {
    service = await openService(flags, surroundings, stop.signal, (reason) => server.loadsAgain(reason));
    checkMode(flags, service);
    server.serve(service);
    const facts = {
      host,
      needsKey: apiKeys.length > 0,
      configPath: config?.path,
      mode: flags.mode ?? SERVER_DEFAULTS.mode,
    };
    for (const line of await summary(service, server.url, surroundings, facts)) {
      await err.write(`${visible(line)}\n`);
    }
    await stop.received;
  } catch (error) {
    // Told to stop while it loaded: that is what it does.
    if (!(error instanceof OutriderError && error.code === 'aborted' && stop.signal.aborted)) throw error;
  } finally {
    await server.stop();
    await service?.close();
    stop.forget();
  }
}

/** @throws OutriderError invalid_argument for a default mode that would refuse every request */
function checkMode({ mode }: ServeFlags, { description }: EngineService): void {
  if (mode !== 'draft' || description.drafts.length > 0) return;
  throw new OutriderError('invalid_argument', '--mode: draft needs a draft model, and none is loaded (--model-draft)');
}

/** A terminal is read by people, anything else by programs. */
function linesTo(terminal: TextSink): LogLines {
  const lines = new LogLines();
  lines.pipe(terminal, { end: false });
  return lines;
}

async function openService(
  flags: ServeFlags,
  surroundings: Surroundings,
  signal: AbortSignal,
  onDeath: (reason: string) => void,
): Promise<EngineService> {
  const { stderr, env } = surroundings;
  const progress = new ProgressLine(stderr);
  const knowledge = openKnowledge(surroundings, (problem) => void stderr.write(`note: ${problem}\n`));
  const verbose = flags.verbose === true && {
    verbose: true,
    log: (level: string, line: string) => void stderr.write(`llama.cpp ${level}: ${visible(line, '\t')}\n`),
  };
  try {
    return await surroundings.openService(
      { ...servedEngine(flags), ...(knowledge && { knowledge }), onProgress: progress.onLoad, signal },
      { env, ...verbose },
      flags.inProcess === true ? 'this' : 'child',
      (reason) => {
        stderr.write(`note: the engine is started again: ${reason}\n`);
        onDeath(reason);
      },
    );
  } finally {
    progress.clear();
  }
}

async function summary(
  service: EngineService,
  url: string,
  { pid, version }: Pick<Surroundings, 'pid' | 'version'>,
  facts: Pick<Served, 'host' | 'needsKey' | 'configPath' | 'mode'>,
): Promise<readonly string[]> {
  const { pid: serving } = await service.status();
  const enginePid = serving === pid ? undefined : serving;
  return summaryLines({ ...facts, version, description: service.description, url, enginePid });
}

/** Signals so soon behind the first are the same wish: a terminal sends it to all, and npm passes it on once more. */
const ONE_WISH_MS = 1_000;

/** The wish that the server ends: the first signal asks, the second hurries, a third is the system's own. */
class StopSignal {
  readonly received: Promise<void>;
  /** Stops the loading. */
  readonly signal: AbortSignal;
  readonly forget: () => void;

  constructor({ onTerminate, now }: Pick<Surroundings, 'onTerminate' | 'now'>, hurry: () => void) {
    let asked = Number.NEGATIVE_INFINITY;
    const first = new AbortController();
    this.signal = first.signal;
    this.received = new Promise((resolve) => first.signal.addEventListener('abort', () => resolve(), { once: true }));
    this.forget = onTerminate(() => {
      if (!first.signal.aborted) {
        asked = now();
        return first.abort();
      }
      if (now() - asked < ONE_WISH_MS) return;
      hurry();
      this.forget();
    });
  }
}
