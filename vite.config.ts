import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Builds the page (src/web) into what `outrider serve` serves at `/`. tools/prepare.js says where to. */
export default defineConfig({
  root: fileURLToPath(new URL('src/web', import.meta.url)),
  // Relative addresses, so that the page also works behind a proxy's path.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    emptyOutDir: false,
    target: 'es2022',
    // The content security policy allows no data: but in images, and a browser keeps files by the hash in their names.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    reportCompressedSize: false,
  },
  logLevel: 'warn',
});
