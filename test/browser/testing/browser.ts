/** Tests in a browser: pages of a server of their own, and what no page may do whatever it shows. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { test as base, expect, inject } from 'vitest';
import type { EngineService } from '../../../src/engine/service.js';
import type { ServerSettings } from '../../../src/server/settings.js';
import { launchChromium } from '../../../tools/chromium.js';
import { PageServer } from './page-server.js';

export interface PageOptions {
  /** In CSS pixels, default 1280. */
  readonly width?: number;
  readonly height?: number;
  /** What the system wishes, default light. */
  readonly colours?: 'light' | 'dark';
  /** The view, default the first. */
  readonly view?: string;
}

interface Fixtures {
  readonly browser: Browser;
  /** Serves until the test ends. */
  readonly serve: (service: EngineService, settings?: Partial<ServerSettings>) => Promise<PageServer>;
  /**
   * A tab of a browser that was never used before. The test fails where it asks another server for anything, does what
   * the content security policy forbids, or throws what nothing catches.
   */
  readonly open: (server: PageServer, options?: PageOptions) => Promise<Page>;
}

export const test = base.extend<Fixtures>({
  browser: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of what a fixture needs
    async ({}, use) => {
      const browser = await launchChromium(inject('chromiumProgram'));
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of what a fixture needs
  serve: async ({}, use) => {
    const servers: PageServer[] = [];
    await use(async (service, settings) => {
      const server = new PageServer(service, settings);
      servers.push(server);
      await server.start();
      return server;
    });
    await Promise.all(servers.map((server) => server.stop()));
  },
  open: async ({ browser }, use) => {
    const contexts: BrowserContext[] = [];
    const faults: string[] = [];
    await use(async (server, { width = 1280, height = 800, colours = 'light', view = '' } = {}) => {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: colours,
        reducedMotion: 'reduce',
        // That of a machine without one (LANG=C) is no language tag.
        locale: 'en-GB',
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      context.setDefaultTimeout(10_000);
      contexts.push(context);
      await watch(context, server.url, faults);
      const page = await context.newPage();
      await page.goto(view === '' ? server.url : `${server.url}#${view}`);
      return page;
    });
    await Promise.all(contexts.map((context) => context.close()));
    expect(faults).toEqual([]);
  },
});

/** Runs in the page, which these sources have no types of. */
const REPORT_VIOLATIONS = `
  addEventListener('securitypolicyviolation', (event) => {
    reportViolation([event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(' '));
  });
`;

async function watch(context: BrowserContext, home: string, faults: string[]): Promise<void> {
  const { origin } = new URL(home);
  await context.route(
    (url) => url.origin !== origin,
    (route) => {
      faults.push(`asked for ${route.request().url()}`);
      return route.abort();
    },
  );
  await context.exposeFunction('reportViolation', (what: string) => void faults.push(`forbidden: ${what}`));
  await context.addInitScript({ content: REPORT_VIOLATIONS });
  context.on('weberror', (error) => void faults.push(`threw ${error.error().stack}`));
}
