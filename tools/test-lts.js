// @ts-check
/** Runs under the current LTS of Node what may differ between versions: the tests without a model, and a generation. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COUNT, checkCount } from './check-count.js';
import { runNpm, runProgram, succeed } from './child.js';
import { build, root } from './prepare.js';
import { Tally } from './tally.js';
import { temporaryFolder } from './temporary.js';
import { runTests } from './vitest.js';

/** The npm package `node` brings the program of this version. */
const VERSION = '24.21.0';

const folder = temporaryFolder();
const node = join(folder, 'node_modules/node/bin/node');
const tally = new Tally();

/** @param {readonly string[]} args */
function runNode(args) {
  return succeed(runProgram(node, args, { cwd: folder, output: 'keep' }));
}

const usable = await tally.check(`Node ${VERSION}`, async () => {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { node: VERSION } }));
  await succeed(runNpm(['install', '--no-audit', '--no-fund'], { cwd: folder, output: 'keep' }));
  assert.equal((await runNode(['--version'])).trim(), `v${VERSION}`);
});
if (usable && (await tally.check('build', build))) {
  tally.add(await runTests(node, 'standalone'));
  await tally.check('outrider run', async () => checkCount(await runNode([join(root, 'bin/outrider.js'), ...COUNT])));
}
tally.close();
