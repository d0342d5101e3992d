// @ts-check
/**
 * `node tools/screenshots.js`: the pictures of the page in docs/images, taken of the embedded pair in the browser of the
 * page's tests.
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromiumProgram, launchChromium } from './chromium.js';
import { indexed } from './indexed-png.js';
import { prepare, root } from './prepare.js';
import { startServer } from './served.js';

const FOLDER = join(root, 'docs/images');
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };
/** Bytes of a picture: more is not worth a reader's time. */
const MOST_BYTES = 150_000;

const DRAFTS = { n_min: 4, n_max: 6 };

/** @import { Page } from 'playwright-core' */

await prepare();
mkdirSync(FOLDER, { recursive: true });
// One thread each: the figures in the pictures are sensible on a busy machine, too.
const server = await startServer(['-c', '1024', '--parallel', '2', '--threads', '1', '--threads-draft', '1']);
const browser = await launchChromium(await chromiumProgram());
await take('chat-light', WIDE, 'light', 'chat', chatted);
await take('chat-narrow-dark', NARROW, 'dark', 'chat', chatted);
await take('live-dark', WIDE, 'dark', 'live', watched);
await take('compare-light', WIDE, 'light', 'compare', compared);
await take('compare-narrow-light', NARROW, 'light', 'compare', compared);
await take('pair-dark', WIDE, 'dark', 'pair', described);
await browser.close();
await server.stop();

/**
 * @param {string} name
 * @param {typeof WIDE} viewport
 * @param {'light' | 'dark'} colorScheme
 * @param {string} view
 * @param {(page: Page) => Promise<unknown>} prepared
 */
async function take(name, viewport, colorScheme, view, prepared) {
  const context = await browser.newContext({ viewport, colorScheme, locale: 'en-GB', reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(`${server.url}/#${view}`);
  await prepared(page);
  const path = join(FOLDER, `${name}.png`);
  writeFileSync(path, indexed(await page.screenshot({ animations: 'disabled', caret: 'hide' })));
  await context.close();
  const { size } = statSync(path);
  console.log(`${(size / 1000).toFixed(0).padStart(4)} kB  docs/images/${name}.png`);
  if (size > MOST_BYTES) throw new Error(`${name}.png has ${size} bytes, and ${MOST_BYTES} are allowed`);
}

/** An answer by its tokens, and what both models thought of one that was rejected. @param {Page} page */
async function chatted(page) {
  // Where other programs keep the cores busy nothing would be drafted, and nothing be seen.
  await page.route('**/api/outrider/generate', (route) => {
    const body = route.request().postDataJSON();
    return route.continue({ postData: JSON.stringify({ ...body, speculative: { ...body.speculative, ...DRAFTS } }) });
  });
  const settings = page.getByRole('button', { name: 'Settings' });
  if (await settings.isVisible()) await settings.click();
  await page.getByLabel('Temperature').fill('1');
  await page.getByLabel('Seed').fill('11');
  await page.getByLabel('Longest answer').fill('160');
  await page.getByLabel('Longest answer').press('Tab');
  if (await settings.isVisible()) await page.getByLabel('Longest answer').press('Escape');
  await page.getByRole('textbox', { name: 'Message' }).fill('Tell me a story about a small dog.');
  await page.getByRole('textbox', { name: 'Message' }).press('Enter');
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  await page.getByRole('button', { name: 'Send' }).waitFor({ timeout: 60_000 });
  await page.locator('.conversation').evaluate((element) => element.scrollTo(0, 0));
  await page.locator('.tokens .token.recovered', { hasText: /\w/ }).first().click();
}

/** Rounds of two requests, one after the other. @param {Page} page */
async function watched(page) {
  const ask = (/** @type {string} */ content) =>
    server.post('/v1/chat/completions', {
      messages: [{ role: 'user', content }],
      max_tokens: 700,
      seed: 5,
    });
  await page.getByText('Nothing has run').waitFor();
  for (const content of ['Count from 1 to 300.', 'Tell me a story about the sea.']) await (await ask(content)).text();
  await page
    .getByRole('row', { name: /2 · openai|openai/ })
    .first()
    .waitFor();
  await page.locator('canvas').first().waitFor();
  await page.waitForTimeout(600);
}

/** @param {Page} page */
async function compared(page) {
  await page.getByLabel('Prompt for both models').fill('Tell me a story about a small dog.');
  await page.getByLabel('Most tokens').fill('96');
  await page.getByLabel('Temperature').fill('0');
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByText('Expected acceptance').waitFor({ timeout: 60_000 });
}

/** @param {Page} page */
async function described(page) {
  await page.locator('canvas').first().waitFor();
  await page.waitForTimeout(600);
}
