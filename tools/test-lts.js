/** Runs under the current LTS of Node what may differ between versions: the tests without a model, and a generation. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COUNT, checkCount } from './check-count.js';
import { runNpm, runProgram } from './child.js';
import { prepare, root } from './prepare.js';
import { Tally } from './tally.js';
import { temporaryFolder } from './temporary.js';
import { runTests } from './vitest.js';

/** The npm package `node` brings the program of this version. */
const VERSION = '24.21.0';

const folder = temporaryFolder();
const node = join(folder, 'node_modules/node/bin/node');
const tally = new Tally();

await prepare();
await tally.check(`Node ${VERSION}`, async () => {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { node: VERSION } }));
  const { exitCode, output } = await runNpm(['install', '--no-audit', '--no-fund'], { cwd: folder, output: 'keep' });
  assert.equal(exitCode, 0, output);
  const { stdout } = await runProgram(node, ['--version'], { output: 'keep' });
  assert.equal(stdout.trim(), `v${VERSION}`);
});
tally.add(await runTests(node, 'standalone'));
await tally.check('outrider run', async () => {
  const { exitCode, stdout, output } = await runProgram(node, [join(root, 'bin/outrider.js'), ...COUNT], {
    cwd: folder,
    output: 'keep',
  });
  assert.equal(exitCode, 0, output);
  checkCount(stdout);
});
tally.close();
