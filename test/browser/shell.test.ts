import { expect } from 'vitest';
import { FakeService } from '../../src/server/testing/fake-service.js';
import { test } from './testing/browser.js';

test('the page has its views', async ({ serve, open }) => {
  const page = await open(await serve(new FakeService()));
  await page.getByRole('link', { name: 'Live' }).click();
  await expect.poll(() => page.title()).toBe('Live · Outrider');
});
