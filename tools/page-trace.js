// @ts-check
/** What the browser's own tracing says of a page's main thread. */

/** @typedef {{ name: string, ph: string, pid: number, tid: number, dur?: number, args?: { name?: string } }} TraceEvent */

/**
 * Milliseconds of every task of the page's main thread while `action` runs.
 *
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<unknown>} action
 * @returns {Promise<readonly number[]>}
 */
export async function tasksWhile(page, action) {
  const session = await page.context().newCDPSession(page);
  /** @type {TraceEvent[]} */
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => void events.push(.../** @type {any[]} */ (value)));
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  const includedCategories = ['toplevel', 'disabled-by-default-devtools.timeline', '__metadata'];
  await session.send('Tracing.start', { traceConfig: { includedCategories }, transferMode: 'ReportEvents' });
  await action();
  await session.send('Tracing.end');
  await complete;
  const mains = events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const isMain = (/** @type {TraceEvent} */ { pid, tid }) => mains.some((main) => main.pid === pid && main.tid === tid);
  const tasks = events.filter((event) => event.ph === 'X' && event.name === 'RunTask' && isMain(event));
  return tasks.map(({ dur = 0 }) => dur / 1000);
}
