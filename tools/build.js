// @ts-check
/** `npm run build`: compiles `src` into a fresh `dist`, whatever the dates say. */
import { install, rebuild, StepFailed } from './prepare.js';

try {
  await install();
  await rebuild();
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
