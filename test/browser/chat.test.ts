import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { FakeService } from '../../src/server/testing/fake-service.js';
import { test } from './testing/browser.js';
import { Steps } from './testing/page-server.js';
import { drafts } from './testing/scripts.js';

const STORY = ['Once', ' upon', ' a', ' time', ' there', ' was', ' a', ' small', ' model', '.'];

const field = (page: Page) => page.getByRole('textbox', { name: 'Message' });
const answers = (page: Page) => page.getByRole('article', { name: 'Answer' });
const tokens = (page: Page) => answers(page).last().locator('.token');
const textOf = async (page: Page) => (await tokens(page).allTextContents()).join('');

async function say(page: Page, text: string): Promise<void> {
  await field(page).fill(text);
  await field(page).press('Enter');
}

/** Waits until no answer is being written. */
async function over(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Send' }).waitFor();
}

describe('an answer', () => {
  test('comes as it is written, every token by its origin', async ({ serve, open }) => {
    const steps = new Steps();
    const page = await open(await serve(new FakeService(drafts(STORY, steps.pause))));
    await say(page, 'Tell me');
    steps.allow(2);
    await expect.poll(() => textOf(page)).toBe('Once upon a time there');
    const origins = await tokens(page).evaluateAll((all) => all.map((one) => one.className));
    expect(origins).toEqual(
      ['recovered', 'accepted', 'accepted', 'accepted', 'bonus'].map((origin) => `token ${origin}`),
    );
    steps.allowAll();
    await over(page);
    expect(await textOf(page)).toBe(STORY.join(''));
  });

  test('shows what both models thought of a token, by pointer and by keys', async ({ serve, open }) => {
    const page = await open(await serve(new FakeService(drafts(STORY))));
    await say(page, 'Tell me');
    await over(page);
    const card = page.locator('.look-card');
    await tokens(page).first().hover();
    await expect.poll(() => card.innerText()).toMatch(/recovered[\s\S]*64 %[\s\S]*Rejected: X[\s\S]*21 %[\s\S]*50 %/);
    await page.mouse.move(0, 0);
    await expect.poll(() => card.count()).toBe(0);
    await page.getByRole('group', { name: /Answer by tokens/ }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.getByRole('status').filter({ hasText: 'accepted' }).innerText()).toContain('·upon');
    await page.keyboard.press('Escape');
    await expect.poll(() => card.count()).toBe(0);
  });

  test('stops by button and by Escape, and stays as it was', async ({ serve, open }) => {
    const steps = new Steps();
    const service = new FakeService(drafts(STORY, steps.pause));
    const page = await open(await serve(service));
    for (const stop of [
      () => page.getByRole('button', { name: 'Stop' }).click(),
      () => page.keyboard.press('Escape'),
    ]) {
      await say(page, 'Tell me');
      steps.allow(1);
      await expect.poll(() => textOf(page)).toBe('Once');
      await stop();
      await over(page);
      expect(await textOf(page)).toBe('Once');
      steps.allow(1);
      await expect.poll(() => service.running).toBe(0);
    }
  });

  test('is written by whom the mode names', async ({ serve, open }) => {
    const service = new FakeService(drafts(STORY));
    const page = await open(await serve(service));
    for (const mode of ['Main', 'Draft', 'Speculative']) {
      await page.getByRole('radio', { name: mode }).check({ force: true });
      await say(page, 'Again');
      await over(page);
      expect(service.request.mode).toBe(mode.toLowerCase());
    }
  });

  test('is written again behind a message that was edited', async ({ serve, open }) => {
    const service = new FakeService(drafts(STORY));
    const page = await open(await serve(service));
    await say(page, 'Tell me');
    await over(page);
    await page.getByRole('article', { name: 'You' }).getByRole('button', { name: 'Edit' }).click();
    const editor = page.getByRole('article', { name: 'You' }).getByRole('textbox');
    await editor.fill('Tell me more');
    await page
      .getByRole('article', { name: 'You' })
      .getByRole('button', { name: /answer/i })
      .click();
    await expect.poll(() => service.requests.length).toBe(2);
    await over(page);
    expect(service.request.prompt).toMatchObject({ messages: [{ role: 'user', content: 'Tell me more' }] });
    expect(await answers(page).count()).toBe(1);
    await answers(page).getByRole('button', { name: 'Answer again' }).click();
    await expect.poll(() => service.requests.length).toBe(3);
    await over(page);
    expect(await textOf(page)).toBe(STORY.join(''));
  });

  test('of a system prompt and sampling is asked for with them', async ({ serve, open }) => {
    const service = new FakeService(drafts(STORY));
    const page = await open(await serve(service));
    await page.getByLabel('System prompt').fill('Be brief.');
    await page.getByLabel('Temperature').fill('0.5');
    await page.getByLabel('Longest answer').fill('4');
    await say(page, 'Hello');
    await over(page);
    expect(service.request).toMatchObject({
      prompt: {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Hello' },
        ],
      },
      sampling: { temperature: 0.5 },
      maxTokens: 4,
    });
    expect(await textOf(page)).toBe('Once upon a time');
  });
});

describe('chats', () => {
  test('are kept over a reload, tokens included', async ({ serve, open }) => {
    const page = await open(await serve(new FakeService(drafts(STORY))));
    await say(page, 'Tell me');
    await over(page);
    await page.reload();
    await expect.poll(() => textOf(page)).toBe(STORY.join(''));
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Tell me');
  });

  test('begin anew, and are deleted', async ({ serve, open }) => {
    const page = await open(await serve(new FakeService(drafts(STORY))));
    await say(page, 'First');
    await over(page);
    await page.getByRole('button', { name: 'New chat' }).click();
    await say(page, 'Second');
    await over(page);
    const list = page.getByRole('complementary', { name: 'Chats' }).or(page.getByRole('region', { name: 'Chats' }));
    await expect.poll(() => list.getByRole('button', { name: 'First', exact: true }).count()).toBe(1);
    await list.getByRole('button', { name: 'First', exact: true }).click();
    await expect.poll(() => page.getByRole('article', { name: 'You' }).innerText()).toContain('First');
  });
});

describe('text of a model', () => {
  const HOSTILE = [
    '<script>document.title = "taken"</script>',
    '<img src=x onerror="document.title=\'taken\'">',
    '<svg onload="document.title=\'taken\'"></svg>',
    '[link](javascript:document.title=%27taken%27) ',
    '![picture](http://elsewhere.example/picture.png) ',
    '<iframe src="http://elsewhere.example/"></iframe>',
    '<style>body { display: none }</style>',
    '\n\n```html\n<script>alert(1)</script>\n```\n',
  ];

  test('never runs, as tokens or as Markdown', async ({ serve, open }) => {
    const page = await open(await serve(new FakeService(drafts(HOSTILE))));
    await say(page, 'Attack');
    await over(page);
    for (const look of ['Tokens', 'Text']) {
      await page.getByRole('radio', { name: look }).check({ force: true });
      await expect.poll(() => answers(page).innerText()).toContain('<script>');
      expect(await page.locator('main :is(script, img[src^="http"], iframe, style, svg[onload])').count()).toBe(0);
      expect(await page.locator('main a[href^="javascript"]').count()).toBe(0);
      expect(await page.title()).toBe('Chat · Outrider');
      expect(await page.locator('body').isVisible()).toBe(true);
    }
  });

  test('is Markdown whose code can be copied', async ({ serve, open }) => {
    const pieces = ['# Title\n\n', 'Some **bold** text.\n\n', '```js\n', 'const a = 1;\n', '```\n'];
    const page = await open(await serve(new FakeService(drafts(pieces))));
    await say(page, 'Code');
    await over(page);
    await page.getByRole('radio', { name: 'Text' }).check({ force: true });
    await expect.poll(() => answers(page).locator('strong').innerText()).toBe('bold');
    await answers(page).getByRole('figure').getByRole('button', { name: 'Copy' }).click();
    await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe('const a = 1;');
  });
});
