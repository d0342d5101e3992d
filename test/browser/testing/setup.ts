/** Once for all browser tests: the page as its sources are now, and a browser. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { TestProject } from 'vitest/node';
import { chromiumProgram } from '../../../tools/chromium.js';
import { temporaryFolder } from '../../../tools/temporary.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the built page. */
    readonly pageFolder: string;
    readonly chromiumProgram: string;
  }
}

const CONFIG = fileURLToPath(new URL('../../../vite.config.ts', import.meta.url));

export async function setup({ provide }: TestProject): Promise<void> {
  const outDir = join(temporaryFolder(), 'web');
  const [program] = await Promise.all([chromiumProgram(), build({ configFile: CONFIG, build: { outDir } })]);
  provide('chromiumProgram', program);
  provide('pageFolder', outDir);
}
