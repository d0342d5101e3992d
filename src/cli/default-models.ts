import { fileURLToPath } from 'node:url';

/** The embedded pair, which lies in the package beside `dist` (and beside `src`). */
export const EMBEDDED_TARGET = embedded('main-q8_0.gguf');
export const EMBEDDED_DRAFT = embedded('draft-q8_0.gguf');

function embedded(name: string): string {
  return fileURLToPath(new URL(`../../models/${name}`, import.meta.url));
}
