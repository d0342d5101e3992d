/** The process of an engine that `outrider serve` and `superviseEngine` start: kernels and engine behind messages. */
import { Engine } from '../engine/engine.js';
import { forkedChannel, hostEngine } from '../engine/service/engine-host.js';
import { localService } from '../engine/service/in-process.js';
import { openBackend } from '../llama/index.js';
import { openKnowledge } from './learned.js';
import { visible } from './terminal.js';

/** Set by whoever forks this file where llama.cpp's log is wanted on standard error. */
const verbose = process.argv.includes('--verbose');
/** Set where what is learnt is neither read nor kept. */
const learnsAnew = process.argv.includes('--learn-anew');

// A signal to all processes of a terminal or a service is the supervisor's to hear; it ends this one in good time.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

hostEngine(forkedChannel(process), async (options, onProgress, signal) => {
  const { env, platform, stderr } = process;
  const backend = await openBackend({
    env,
    ...(verbose && {
      verbose,
      log: (level, line) => void stderr.write(`llama.cpp ${level}: ${visible(line, '\t')}\n`),
    }),
  });
  const complain = (problem: string): void => void stderr.write(`note: ${problem}\n`);
  const knowledge = learnsAnew ? undefined : openKnowledge({ env, platform, clock: Date.now }, complain);
  const engine = await Engine.load(backend, { ...options, ...(knowledge && { knowledge }), onProgress, signal });
  return localService(engine, backend, options);
});
