// @ts-check
/**
 * `node tools/page-performance.js`: how the built page does in the browser of its tests. It is given what the embedded
 * pair streamed to 16 requests at once, recorded just before, since an engine would share the cores with the browser.
 * Prints first paint, size, and the tasks of the main thread.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { chromiumProgram, launchChromium } from './chromium.js';
import { prolonged, record } from './page-recording.js';
import { pageFiles, replay } from './page-replay.js';
import { tasksWhile } from './page-trace.js';
import { prepare, root } from './prepare.js';

const STREAMS = 16;
const LONG_TOKENS = 32_768;
const LONG_PER_SECOND = 1_000;
/** How long the live view is watched, in milliseconds. */
const WATCH_MS = 15_000;
const VISITS = 10;
/** Recorded answers that the chat is given, one after the other. */
const CHATS = 3;
/** Above so many milliseconds a task is felt. */
const FELT_MS = 50;

await prepare();
const files = pageFiles(join(root, 'dist/web'));
const recording = await record(STREAMS);
const script = { answer: recording.answers[0] ?? [] };
const server = await replay(files, recording, script);
const browser = await launchChromium(await chromiumProgram());
console.log(`Chromium ${browser.version()}, ${cpus()[0]?.model} x${cpus().length}\n`);
tellSizes();
await tellPaint();
tell(`${STREAMS} recorded requests in the live view`, await watchLive());
tell(
  `${CHATS} of them in the chat, one after the other, while the live view follows all ${STREAMS} behind it`,
  await watchChats(),
);
tell(`an answer of ${LONG_TOKENS} tokens, ${LONG_PER_SECOND} a second`, await watchLong());
await browser.close();
server.stop();

function tellSizes() {
  const sizes = [...files].map(([path, { packed }]) => ({ path, bytes: packed.length }));
  const all = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`size, gzipped: ${(all / 1000).toFixed(1)} kB`);
  for (const { path, bytes } of sizes) console.log(`  ${(bytes / 1000).toFixed(1).padStart(6)} kB  ${path}`);
}

/** Of a browser that never saw the page. */
async function tellPaint() {
  const paints = [];
  for (let i = 0; i < VISITS; i++) {
    const page = await open('');
    const painted = await page.waitForFunction("performance.getEntriesByName('first-contentful-paint')[0]?.startTime");
    paints.push(/** @type {number} */ (await painted.jsonValue()));
    await page.context().close();
  }
  const sorted = paints.sort((one, other) => one - other);
  const [first = 0, middle = 0, last = 0] = [0, VISITS / 2, VISITS - 1].map((at) => sorted[at]);
  console.log(
    `first paint, ${VISITS} visits: median ${middle.toFixed(0)} ms (${first.toFixed(0)} to ${last.toFixed(0)})`,
  );
}

async function watchLive() {
  const page = await open('live');
  const tasks = await tasksWhile(page, () => page.waitForTimeout(WATCH_MS));
  await page.context().close();
  return tasks;
}

async function watchChats() {
  const page = await open('live');
  // From now on the live view listens, also behind the chat.
  await page.getByRole('navigation').getByRole('link', { name: 'Chat' }).click();
  const tasks = await tasksWhile(page, async () => {
    for (const answer of recording.answers.slice(0, CHATS)) {
      script.answer = answer;
      await ask(page);
    }
  });
  await page.context().close();
  return tasks;
}

async function watchLong() {
  script.answer = prolonged(recording.answers[0] ?? [], LONG_TOKENS, LONG_PER_SECOND);
  const page = await open('');
  const tasks = await tasksWhile(page, () => ask(page));
  await page.context().close();
  return tasks;
}

/** @param {import('playwright-core').Page} page */
async function ask(page) {
  const field = page.getByRole('textbox', { name: 'Message' });
  await field.fill('Go on');
  await field.press('Enter');
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  await page.getByRole('button', { name: 'Send' }).waitFor({ timeout: 300_000 });
}

/** @param {string} view */
async function open(view) {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${server.url}#${view}`);
  return page;
}

/**
 * @param {string} name
 * @param {readonly number[]} tasks
 */
function tell(name, tasks) {
  const sorted = [...tasks].sort((one, other) => one - other);
  const at = (/** @type {number} */ share) => (sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(1);
  const short = (100 * tasks.filter((ms) => ms < FELT_MS).length) / tasks.length;
  const busy = tasks.reduce((sum, ms) => sum + ms, 0) / 1000;
  console.log(
    `${name}: ${tasks.length} tasks, ${busy.toFixed(1)} s in all; ${short.toFixed(2)} % under ${FELT_MS} ms; ` +
      `95 % under ${at(0.95)} ms, 99.9 % under ${at(0.999)} ms, longest ${at(1)} ms`,
  );
}
