import { defineConfig } from 'vitest/config';

/** Two projects: what needs no model runs on every supported Node; what needs the embedded pair runs once. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'standalone',
          include: ['src/**/*.test.ts', 'test/architecture/**/*.test.ts', 'test/statistical/**/*.test.ts'],
          exclude: ['**/*.model.test.ts', '**/node_modules/**'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'model',
          include: ['src/**/*.model.test.ts', 'test/e2e/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          // Two cores: native decodes of two files at once would spin against each other.
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
