// @ts-check
const INTERVAL_MS = 500;

/**
 * Ends this process, as by SIGTERM, when npm is gone. npm runs a script through a shell, and passes signals on to that
 * shell only: most shells die of them without a word to us, and a server or a test run would go on unseen.
 */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, INTERVAL_MS).unref();
}
