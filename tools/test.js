// @ts-check
/**
 * `npm test`: build, format and lint, types, then the tests that need no model, those that do, and those in a browser. With
 * arguments (`npm test -- src/text -t name`) only the tests that vitest selects by them. Ends with `N passed, N failed`.
 */
import { join } from 'node:path';
import { runProgram, succeed } from './child.js';
import { endWithNpm } from './orphan.js';
import { build, install, root, StepFailed } from './prepare.js';
import { Tally } from './tally.js';
import { runTests } from './vitest.js';

const selection = process.argv.slice(2);
const tally = new Tally();

endWithNpm();
try {
  await install();
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  console.error(error.message);
  process.exit(1);
}

/** @param {readonly string[]} args the program's file under node_modules, then its own arguments */
function runInstalled([program = '', ...args]) {
  const file = join(root, 'node_modules', program);
  return succeed(runProgram(process.execPath, [file, ...args], { cwd: root, output: 'keep' }));
}

// Tests and tools use what is built; the others run even if that fails.
await tally.check('build', build);
if (selection.length === 0) {
  await tally.check('format and lint', () => runInstalled(['@biomejs/biome/bin/biome', 'check', '.']));
  await tally.check('types', () => runInstalled(['typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json']));
  await tally.check('types of the page', () => runInstalled(['typescript/bin/tsc', '--noEmit', '-p', 'src/web']));
}
const vitestArgs = selection.length === 0 ? [] : [...selection, '--passWithNoTests'];
let count = 0;
for (const project of /** @type {const} */ (['standalone', 'model', 'browser'])) {
  const result = await runTests(process.execPath, project, vitestArgs);
  tally.add(result);
  count += result.passed + result.failed;
}
if (count === 0) {
  console.log(`No test is selected by ${selection.join(' ')}`);
  tally.add({ passed: 0, failed: 1 });
}
tally.close();
