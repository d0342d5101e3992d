/**
 * Every view in light and dark, wide and narrow: no violations that axe-core knows, nothing wider than the screen, and a
 * picture of it in `screenshots`, to be looked at.
 */
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import type { Script } from '../../src/server/testing/fake-service.js';
import { violations } from './testing/axe.js';
import { test } from './testing/browser.js';
import { comparing, drafts } from './testing/scripts.js';

const FOLDER = fileURLToPath(new URL('screenshots/', import.meta.url));
const LONG = 'A chat whose first message is rather long, so that its title has to be cut somewhere';
const ANSWER = [
  '## Drafts\n\nA *small* model',
  ' proposes',
  ' several',
  ' tokens,',
  ' the',
  ' **large**',
  ' one',
  ' verifies',
  ' them',
  ' in',
  ' one',
  ' pass:',
  '\n\n1. draft',
  '\n2. verify',
  '\n3. keep what is right',
  '\n\n```ts\nconst kept = verify(',
  'draft, rows);',
  ' // as many as the target would have written itself, however long this line may become\n```\n',
  '\n| rows | ms |\n| --- | --- |\n| 1 | 10 |\n| 4 | 13 |\n',
];

const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;

describe.each(['wide', 'narrow'] as const)('%s', (size) => {
  describe.each(['light', 'dark'] as const)('%s', (colours) => {
    const looked = async (page: Page, name: string): Promise<void> => {
      await page.screenshot({ path: `${FOLDER}${name}-${size}-${colours}.png` });
      expect.soft(await violations(page), name).toEqual([]);
      expect
        .soft(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} is too wide`)
        .toBe(true);
    };

    test('chat', async ({ serve, open }) => {
      const page = await open(await serve(withComparison()), { ...SIZES[size], colours });
      await page.getByText('Ask the pair').waitFor();
      await looked(page, 'chat-empty');
      for (const text of ['Hi', LONG]) {
        await page.getByRole('textbox', { name: 'Message' }).fill(text);
        await page.getByRole('textbox', { name: 'Message' }).press('Enter');
        await page.getByRole('button', { name: 'Send' }).waitFor();
      }
      await page
        .getByRole('group', { name: /Answer by tokens/ })
        .last()
        .focus();
      await page.keyboard.press('ArrowRight');
      await looked(page, 'chat-tokens');
      await page.keyboard.press('Escape');
      await page.getByRole('radio', { name: 'Text' }).check({ force: true });
      await looked(page, 'chat-text');
      await page.getByRole('article', { name: 'You' }).last().getByRole('button', { name: 'Edit' }).click();
      await looked(page, 'chat-edit');
      if (size === 'wide') return;
      for (const drawer of ['Chats', 'Settings']) {
        await page.getByRole('banner').or(page.getByRole('main')).getByRole('button', { name: drawer }).first().click();
        await looked(page, `chat-${drawer.toLowerCase()}`);
        await page.keyboard.press('Escape');
      }
    });

    test('live', async ({ serve, open }) => {
      const server = await serve(withComparison());
      const page = await open(server, { ...SIZES[size], colours, view: 'live' });
      await page.getByText('Nothing has run since').waitFor();
      await looked(page, 'live-empty');
      for (let i = 0; i < 3; i++)
        await fetch(`${server.url}v1/completions`, { method: 'POST', body: JSON.stringify({ prompt: 'Once' }) });
      await expect.poll(() => page.getByRole('row', { name: /3 · openai/ }).innerText()).toContain('done');
      await page.locator('canvas').first().waitFor();
      await looked(page, 'live');
    });

    test('compare', async ({ serve, open }) => {
      const page = await open(await serve(comparing()), { ...SIZES[size], colours, view: 'compare' });
      await page.getByLabel('Prompt for both models').fill('Why is the sky blue?');
      await page.keyboard.press('Enter');
      await page.getByText('part at token 6').waitFor();
      await looked(page, 'compare');
    });

    test('pair', async ({ serve, open }) => {
      const page = await open(await serve(comparing()), { ...SIZES[size], colours, view: 'pair' });
      await page.locator('canvas').first().waitFor();
      await looked(page, 'pair');
    });

    test('what is in the way', async ({ serve, open }) => {
      const server = await serve(comparing(), { apiKeys: ['sesame'] });
      const page = await open(server, { ...SIZES[size], colours });
      await page.getByRole('dialog').waitFor();
      // Each request that was refused asks for the key.
      await page.waitForLoadState('networkidle');
      await looked(page, 'key');
      await page.getByRole('button', { name: 'Not now' }).click();
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      await server.stop();
      await page.getByRole('textbox', { name: 'Message' }).fill('Hi');
      await page.getByRole('textbox', { name: 'Message' }).press('Enter');
      await page.getByRole('alert').waitFor();
      await looked(page, 'away');
    });
  });
});

/** Answers like a model that drafts. */
function withComparison() {
  const service = comparing();
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 15));
  service.script = drafts(ANSWER, pause) satisfies Script;
  return service;
}
