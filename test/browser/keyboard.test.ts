import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { FakeService } from '../../src/server/testing/fake-service.js';
import { test } from './testing/browser.js';
import { comparing, drafts } from './testing/scripts.js';

/** What has the focus: its role or element, and its name. */
const focused = (page: Page) =>
  page.evaluate(`(() => {
    const { tagName, ariaLabel, innerText } = document.activeElement;
    return [tagName, ariaLabel ?? innerText ?? ''].join(' ');
  })()`) as Promise<string>;

async function tabTo(page: Page, wanted: RegExp, key = 'Tab'): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press(key);
    if (wanted.test(await focused(page))) return;
  }
  throw new Error(`${key} never came to ${wanted}`);
}

test('a chat needs no pointer', async ({ serve, open }) => {
  const service = new FakeService(drafts(['Hello', ' you']));
  const page = await open(await serve(service));
  // The message is where one begins.
  await expect.poll(() => focused(page)).toBe('TEXTAREA Message');
  await page.keyboard.type('Hi');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('there');
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: 'Answer' }).getByText('Hello').waitFor();
  expect(service.request.prompt).toMatchObject({ messages: [{ content: 'Hi\nthere' }] });
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  await tabTo(page, /TEXTAREA Message/, 'Shift+Tab');
  await page.keyboard.type('Again');
  await page.keyboard.press('Enter');
  await expect.poll(() => service.requests.length).toBe(2);
  expect(service.request.mode).toBe('main');
});

test('views are reached, and their content without their links', async ({ serve, open }) => {
  const page = await open(await serve(comparing()));
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
  await tabTo(page, /^A Compare/, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Compare' }).waitFor();
  await tabTo(page, /^BUTTON Skip to the content/, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect(await focused(page)).toMatch(/^TEXTAREA/);
  await page.keyboard.type('Why?');
  await page.keyboard.press('Enter');
  await page.getByText('part at token 6').waitFor();
  await tabTo(page, /Answer by tokens/);
  for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowRight');
  await expect.poll(() => page.locator('.look-card').innerText()).toContain('·it');
});

test('the focus can be seen wherever it goes', async ({ serve, open }) => {
  const server = await serve(comparing());
  for (const view of ['', 'live', 'compare', 'pair']) {
    const page = await open(server, { view });
    await page.getByRole('heading', { level: 1 }).waitFor();
    const unseen: string[] = [];
    for (let i = 0; i < 25; i++) {
      await page.keyboard.press('Tab');
      // A radio button is drawn by the element behind it.
      const outlined = await page.evaluate(`(() => {
        const { activeElement: element } = document;
        const drawn = element.matches('[type=radio]') ? element.nextElementSibling : element;
        return element === document.body || getComputedStyle(drawn).outlineStyle !== 'none';
      })()`);
      if (!outlined) unseen.push(await focused(page));
    }
    expect(unseen).toEqual([]);
  }
});
