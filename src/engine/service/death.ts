/** How an engine ended. */
export interface Death {
  /** In a few words. */
  readonly reason: string;
  /**
   * `outside`: by a signal that no fault raises: somebody sent it, or the system where memory ran out; `watch`: it hung,
   * and was killed for that.
   */
  readonly by: 'itself' | 'outside' | 'watch';
}

const BLAME: Readonly<Record<Death['by'], number>> = { itself: 3, outside: 1, watch: 3 };

/** Whoever has so much blame is refused: of two deaths of the engine itself, or of six from outside. */
export const MOST_BLAME = 6;

/** What is counted against whoever was alone in the engine. */
export function blameFor({ by }: Death): number {
  return BLAME[by];
}

/** Signals that a process gets from others; a crash raises SIGSEGV, SIGABRT, SIGBUS, SIGILL or SIGFPE. */
const SENT: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

/** The end of a process as Node tells it. */
export function deathOf(exitCode: number | null, signal: NodeJS.Signals | null): Death {
  if (signal === null) return { reason: `it ended with exit code ${exitCode}`, by: 'itself' };
  return { reason: `killed by ${signal}`, by: SENT.has(signal) ? 'outside' : 'itself' };
}
