// @ts-check
/** The steps of `.ci/run`. Each is a program that ends with a line `N passed, N failed`. */
import { join } from 'node:path';
import { runNpm, runProgram } from './child.js';
import { root } from './prepare.js';
import { Tally } from './tally.js';
import { temporaryFolder } from './temporary.js';

const STEPS = [
  { name: 'npm test', run: () => runNpm(['test'], { cwd: root, output: 'both' }) },
  { name: 'the package as users install it', run: () => runTool('test-package.js') },
  { name: 'the current LTS of Node', run: () => runTool('test-lts.js') },
];

/** @param {string} file */
function runTool(file) {
  return runProgram(process.execPath, [join(root, 'tools', file)], { cwd: root, output: 'both' });
}

// Whatever a step leaves behind when it is interrupted goes with this folder.
process.env.TMPDIR = temporaryFolder();
const tally = new Tally();
for (const { name, run } of STEPS) {
  console.log(`\n=== ${name}\n`);
  const started = performance.now();
  const { exitCode, stdout } = await run();
  const [, passed, failed] = [...stdout.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1)?.map(Number) ?? [0, 0, 0];
  // A step that ends badly without saying what failed is a failure of its own.
  tally.add({ passed: passed ?? 0, failed: failed || (exitCode === 0 ? 0 : 1) });
  console.log(`\n=== ${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
tally.close();
