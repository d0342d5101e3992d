/** The page in front of the embedded pair: what a user has after `npm start`. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type ServedPair, servePair } from '../e2e/testing/served-pair.js';
import { test } from './testing/browser.js';

let pair: ServedPair;
beforeAll(async () => {
  pair = await servePair({ contextSize: 2048, parallel: 2 });
});
afterAll(() => pair.close());

const answer = (page: Page) => page.getByRole('article', { name: 'Answer' }).last();
const over = (page: Page) => page.getByRole('button', { name: 'Send' }).waitFor({ timeout: 60_000 });

describe('the embedded pair', () => {
  test('chats, in every mode, and its rounds show in the live view', async ({ serve, open }) => {
    const page = await open(await serve(pair.service));
    await page.getByLabel('Temperature').fill('0');
    const texts: string[] = [];
    for (const mode of ['Main', 'Speculative', 'Draft', 'Auto']) {
      await page.getByRole('radio', { name: mode }).check({ force: true });
      if (texts.length === 0) {
        await page.getByRole('textbox', { name: 'Message' }).fill('Count from 1 to 20.');
        await page.getByRole('textbox', { name: 'Message' }).press('Enter');
      } else await answer(page).getByRole('button', { name: 'Answer again' }).click();
      await over(page);
      texts.push((await answer(page).locator('.token').allTextContents()).join(''));
    }
    const [main, speculative, ...others] = texts;
    expect(main).toContain('20');
    expect(speculative).toBe(main);
    for (const text of others) expect(text).not.toBe('');
    await page.getByRole('link', { name: 'Live' }).click();
    // While no round has come the live view has a link of that name too.
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Chat' }).click();
    await page.getByRole('radio', { name: 'Speculative' }).check({ force: true });
    await answer(page).getByRole('button', { name: 'Answer again' }).click();
    await over(page);
    expect(await answer(page).locator('.token.accepted').count()).toBeGreaterThan(0);
    await page.getByRole('link', { name: 'Live' }).click();
    await expect.poll(() => page.getByRole('row', { name: /outrider/ }).innerText()).toContain('speculative');
    expect(await page.getByText('predicted:').innerText()).toMatch(/predicted: [\d.]+ a second/);
  });

  test('is compared', async ({ serve, open }) => {
    const page = await open(await serve(pair.service), { view: 'compare' });
    await page.getByLabel('Prompt for both models').fill('Count from 1 to 20.');
    await page.getByLabel('Temperature').fill('0');
    await page.keyboard.press('Enter');
    await page.getByText('Expected acceptance').waitFor({ timeout: 60_000 });
    const text = (await page.locator('.tokens .token').allTextContents()).join('');
    expect(text).not.toBe('');
    expect(await page.getByText(/\d+ of \d+/).isVisible()).toBe(true);
  });

  test('is described', async ({ serve, open }) => {
    const page = await open(await serve(pair.service), { view: 'pair' });
    const models = page.getByRole('region', { name: 'Models' });
    await expect.poll(() => models.innerText()).toContain('main-q8_0');
    await expect
      .poll(() => page.getByRole('region', { name: 'What passes take' }).innerText())
      .toMatch(/1\s+[\d.]+ ms/);
    expect(await page.getByText('the same as the target’s').isVisible()).toBe(true);
  });
});
