/** Packs the package, checks what is in it, installs it into an empty folder and uses it there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COUNT, checkCount } from './check-count.js';
import { runNpm, runProgram } from './child.js';
import { root } from './prepare.js';
import { Tally } from './tally.js';
import { temporaryFolder } from './temporary.js';

const NEEDED = [
  ...['package.json', 'README.md', 'LICENSE', 'NOTICE', 'CHANGELOG.md', 'bin/outrider.js', 'dist/index.js'],
  ...['dist/index.d.ts', 'models/README.md', 'models/main-q8_0.gguf', 'models/draft-q8_0.gguf'],
];
/** Folders whose files are not named one by one. */
const COMPILED = /^dist\/.+\.(js|js\.map|d\.ts)$/;

const folder = temporaryFolder();
const installed = join(folder, 'node_modules/outrider');
const tally = new Tally();

/** @param {Promise<import('./child.js').Ended>} program */
async function succeed(program) {
  const { exitCode, stdout, output } = await program;
  assert.equal(exitCode, 0, output);
  return stdout;
}

/** @type {string[]} */
let files = [];
await tally.check('npm pack', async () => {
  const args = ['pack', '--json', '--silent', '--pack-destination', folder];
  const [{ filename, files: packed }] = JSON.parse(await succeed(runNpm(args, { cwd: root, output: 'keep' })));
  files = packed.map((/** @type {{ path: string }} */ { path }) => path);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies: { outrider: `file:${filename}` } }),
  );
});

await tally.check('the package holds what it needs and nothing else', () => {
  assert.deepEqual(
    NEEDED.filter((path) => !files.includes(path)),
    [],
    'missing',
  );
  assert.deepEqual(
    files.filter((path) => !NEEDED.includes(path) && !COMPILED.test(path)),
    [],
    'not wanted',
  );
  assert.deepEqual(
    files.filter((path) => /\.test\.|\/testing\//.test(path)),
    [],
    'tests',
  );
});

await tally.check('npm install', async () => {
  await succeed(runNpm(['install', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder, output: 'keep' }));
});

await tally.check('source maps carry their sources', () => {
  const scripts = files.filter((path) => path.startsWith('dist/') && path.endsWith('.js'));
  for (const script of scripts) {
    const path = join(installed, script);
    const map = /^\/\/# sourceMappingURL=(.+)$/m.exec(readFileSync(path, 'utf8'))?.[1];
    assert.ok(map, `${script} names no source map`);
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(dirname(path), map), 'utf8'));
    assert.equal(sourcesContent?.length, sources.length, `${script}: the map lacks sources`);
  }
});

/** @param {readonly string[]} args */
const outrider = (args) =>
  succeed(runNpm(['exec', '--no', '--', 'outrider', ...args], { cwd: folder, output: 'keep' }));

await tally.check('outrider --version', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.equal((await outrider(['--version'])).trim(), version);
});
await tally.check('outrider run', async () => checkCount(await outrider(COUNT)));
await tally.check('outrider inspect', async () => {
  const model = join(installed, 'models/main-q8_0.gguf');
  assert.ok(existsSync(model));
  assert.match(await outrider(['inspect', model]), /llama/);
});
await tally.check("import 'outrider'", async () => {
  const script =
    "const names = Object.keys(await import('outrider')); if (names.length === 0) throw new Error('empty');";
  await succeed(runProgram(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, output: 'keep' }));
});
tally.close();
