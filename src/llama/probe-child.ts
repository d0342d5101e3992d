/** The child process of probe.ts: loads the build that its argument describes, and sends what it finds. */
import { openLibrary } from './library.js';
import type { Location } from './locate.js';
import type { ProbeAnswer } from './probe.js';

function probe(location: Location): ProbeAnswer {
  try {
    const { devices, functions } = openLibrary(location);
    const gpus = devices.filter(({ type }) => type === 'gpu' || type === 'integrated-gpu');
    return { gpus: gpus.map(({ handle }) => functions.ggml_backend_dev_description(handle)) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

// Ends as soon as the answer is out: drivers may keep threads that would hold the process.
process.send?.(probe(JSON.parse(process.argv[2] ?? '')), () => process.exit());
