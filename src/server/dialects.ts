import type { Dialects } from './app.js';
import { kobold } from './kobold/index.js';
import { llamacpp } from './llamacpp/index.js';
import { openai } from './openai/index.js';
import { outrider } from './outrider/index.js';

/** All dialects that are served; OpenAI's words what belongs to none. */
export const DIALECTS: Dialects = [outrider, kobold, llamacpp, openai];
