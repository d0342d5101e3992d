/** Joins the command line to this process; the rest of `src/cli` touches neither globals nor native libraries. */
import { readFileSync } from 'node:fs';
import { Engine } from '../engine/index.js';
import { openBackend } from '../llama/index.js';
import { openService } from './open-service.js';
import { runProgram } from './program.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const TERMINATION = ['SIGINT', 'SIGTERM'] as const;

process.exitCode = await runProgram(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  folder: process.cwd(),
  pid: process.pid,
  version,
  now: () => performance.now(),
  clock: () => Date.now(),
  platform: process.platform,
  onInterrupt: (listener) => {
    process.once('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
  onTerminate: (listener) => {
    for (const signal of TERMINATION) process.on(signal, listener);
    return () => {
      for (const signal of TERMINATION) process.off(signal, listener);
    };
  },
  openBackend,
  loadEngine: async (options, backend) => Engine.load(await openBackend(backend), options),
  openService,
});
