import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The examples of the documentation import the package by its name, as their readers do. */
const resolve = { alias: { outrider: fileURLToPath(new URL('src/index.ts', import.meta.url)) } };

/** What needs no model runs on every supported Node; what needs the embedded pair, and what needs a browser, runs once. */
export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: 'standalone',
          include: ['src/**/*.test.ts', 'test/{architecture,conformance,docs,statistical}/**/*.test.ts'],
          exclude: ['**/*.model.test.ts', '**/node_modules/**'],
          testTimeout: 30_000,
        },
      },
      {
        resolve,
        test: {
          name: 'model',
          include: ['{src,test}/**/*.model.test.ts', 'test/e2e/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          // Two cores: native decodes of two files at once would spin against each other.
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: 'test/browser/testing/setup.ts',
          // Each file has a browser of several processes.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
