import { describe, expect } from 'vitest';
import { FakeService } from '../../src/server/testing/fake-service.js';
import { test } from './testing/browser.js';
import { Steps } from './testing/page-server.js';
import { drafts } from './testing/scripts.js';

describe('a server that goes away', () => {
  test('is missed, and regained without a reload', async ({ serve, open }) => {
    const server = await serve(new FakeService(drafts(['Hello', '!'])));
    const page = await open(server);
    await page.getByRole('textbox', { name: 'Message' }).waitFor();
    await server.stop();
    await page.getByRole('textbox', { name: 'Message' }).fill('Hi');
    await page.getByRole('textbox', { name: 'Message' }).press('Enter');
    await page.getByText('The server does not answer. The page asks again').waitFor();
    await page.getByRole('alert').getByText('The server does not answer').waitFor();
    await server.start();
    await expect.poll(() => page.getByText('The server does not answer. The page asks again').count(), WAIT).toBe(0);
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => page.getByRole('article', { name: 'Answer' }).innerText()).toContain('Hello!');
  });

  test('cuts an answer off that can be gone on with', async ({ serve, open }) => {
    const steps = new Steps();
    const service = new FakeService(drafts(['One', ' two', ' three'], steps.pause));
    const server = await serve(service);
    const page = await open(server);
    await page.getByRole('textbox', { name: 'Message' }).fill('Count');
    await page.getByRole('textbox', { name: 'Message' }).press('Enter');
    steps.allow(1);
    await expect.poll(() => page.getByRole('article', { name: 'Answer' }).innerText()).toContain('One');
    await server.stop();
    steps.allowAll();
    await page.getByRole('alert').waitFor();
    await server.start();
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => service.requests.length, WAIT).toBe(2);
    expect(service.request).toMatchObject({ resume: [1000] });
  });
});

describe('a server with a key', () => {
  test('is asked with the key that is entered', async ({ serve, open }) => {
    const server = await serve(new FakeService(drafts(['Hello'])), { apiKeys: ['sesame'] });
    const page = await open(server);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('API key').fill('wrong');
    await dialog.getByRole('button', { name: 'Use this key' }).click();
    // It is asked for again, because the server does not know it.
    await dialog.getByLabel('API key').waitFor();
    await dialog.getByLabel('API key').fill('sesame');
    await dialog.getByRole('button', { name: 'Use this key' }).click();
    await expect.poll(() => dialog.isVisible()).toBe(false);
    await page.getByRole('textbox', { name: 'Message' }).fill('Hi');
    await page.getByRole('textbox', { name: 'Message' }).press('Enter');
    await expect.poll(() => page.getByRole('article', { name: 'Answer' }).innerText()).toContain('Hello');
    await page.reload();
    await page.getByRole('article', { name: 'Answer' }).waitFor();
    expect(await dialog.isVisible()).toBe(false);
  });
});

/** The page asks every two seconds whether the server is back. */
const WAIT = { timeout: 10_000 };
