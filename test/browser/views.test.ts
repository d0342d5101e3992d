import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { FakeService } from '../../src/server/testing/fake-service.js';
import { test } from './testing/browser.js';
import { type PageServer, Steps } from './testing/page-server.js';
import { comparing, drafts } from './testing/scripts.js';

const STORY = Array.from({ length: 24 }, (_, i) => ` word${i}`);

const complete = (server: PageServer) =>
  fetch(`${server.url}v1/completions`, { method: 'POST', body: JSON.stringify({ prompt: 'Once' }) });

/** Goes to the live view, and waits until it hears of rounds. */
async function watching(page: Page): Promise<Page> {
  const stream = page.waitForResponse(/\/api\/outrider\/rounds$/);
  await page.getByRole('link', { name: 'Live' }).click();
  await page.getByText('Nothing has run since').waitFor();
  await stream;
  return page;
}

describe('the live view', () => {
  test('shows the rounds of every client, and holds still when it is told to', async ({ serve, open }) => {
    const steps = new Steps();
    const server = await serve(new FakeService(drafts(STORY, steps.pause)));
    const page = await watching(await open(server));
    const answer = complete(server);
    steps.allow(3);
    const row = page.getByRole('row', { name: /1 · openai/ });
    await expect.poll(() => row.innerText()).toMatch(/speculative\s+running/);
    expect(await page.getByRole('figure').count()).toBe(4);
    await page.getByRole('button', { name: 'Pause' }).click();
    const before = await row.innerText();
    steps.allowAll();
    await answer;
    expect(await row.innerText()).toBe(before);
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => row.innerText()).toContain('done');
    await page.getByRole('combobox', { name: 'Request' }).selectOption({ label: '1 · openai' });
    await expect.poll(() => page.getByText('predicted:').innerText()).toMatch(/predicted: \d+\.\d a second/);
    for (const canvas of await page.locator('canvas').all())
      expect((await canvas.boundingBox())!.width).toBeGreaterThan(300);
  });

  test('goes on while another view is shown', async ({ serve, open }) => {
    const server = await serve(new FakeService(drafts(STORY)));
    const page = await watching(await open(server));
    await page.getByRole('link', { name: 'Pair' }).click();
    await complete(server);
    await page.getByRole('link', { name: 'Live' }).click();
    await page.getByRole('row', { name: /1 · openai/ }).waitFor();
  });
});

describe('the comparison', () => {
  test('streams both answers, then shows where they part and what the target thinks', async ({ serve, open }) => {
    const steps = new Steps();
    const service = comparing(steps.pause);
    const page = await open(await serve(service), { view: 'compare' });
    await page.getByLabel('Prompt for both models').fill('Why is the sky blue?');
    await page.getByLabel('Seed').fill('7');
    await page.keyboard.press('Enter');
    steps.allow(4);
    await expect.poll(() => page.getByRole('region', { name: 'main' }).innerText()).toContain('The sky is');
    expect(await page.getByRole('button', { name: 'Stop' }).isVisible()).toBe(true);
    steps.allowAll();
    await page.getByText('part at token 6').waitFor();
    expect(service.requests).toMatchObject([
      { mode: 'main', seed: 7 },
      { mode: 'draft', seed: 7 },
    ]);
    const draft = page.getByRole('region', { name: 'draft' });
    expect(await draft.locator('.token.refused').allTextContents()).toEqual([' it', ' likes']);
    await draft.locator('.token.refused').first().hover();
    await expect.poll(() => page.locator('.look-card').innerText()).toMatch(/rejected[\s\S]*5\.00 %[\s\S]*·air/);
    expect(await page.getByRole('table').innerText()).toMatch(/Tokens a second\s+60\.0\s+60\.0/);
  });

  test('stops, and says what is wrong', async ({ serve, open }) => {
    const steps = new Steps();
    const service = comparing(steps.pause);
    const page = await open(await serve(service), { view: 'compare' });
    await page.getByLabel('Prompt for both models').fill('Hi');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop' }).click();
    steps.allowAll();
    await expect.poll(() => service.running).toBe(0);
    service.scoring = async () => Promise.reject(new Error('it broke'));
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('alert').waitFor();
  });
});

describe('the pair', () => {
  test('is told of: models, passes, vocabularies, slots', async ({ serve, open }) => {
    const page = await open(await serve(new FakeService()), { view: 'pair' });
    const table = (name: string) => page.getByRole('region', { name, exact: true }).getByRole('table').last();
    await expect.poll(() => table('Models').innerText()).toMatch(/Name\s+main\s+draft/);
    expect(await table('What passes take').innerText()).toMatch(/1\s+10\.00 ms\s+1\.00 T\(1\)\s+0\.60 ms/);
    expect(await table('Vocabulary of draft').first().innerText()).toMatch(/for different ones\s+1\s+7: <s> and <bos>/);
    expect(await table('Slots').innerText()).toMatch(/0\s+main\s+idle\s+0/);
    expect(await page.getByText('it never died').isVisible()).toBe(true);
  });
});
