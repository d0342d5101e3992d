import type { Bound } from '../prototype.js';
import type { GGML, GGML_BASE } from './ggml-functions.js';
import type { LLAMA } from './llama-functions.js';

/** All functions that Outrider calls, bound to the loaded libraries. */
export type Functions = Bound<typeof LLAMA> & Bound<typeof GGML> & Bound<typeof GGML_BASE>;
