// @ts-check
/** Packs the package, checks what is in it, installs it into an empty folder and uses it there. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COUNT, checkCount } from './check-count.js';
import { runNpm, runProgram, succeed } from './child.js';
import { root } from './prepare.js';
import { Tally } from './tally.js';
import { temporaryFolder } from './temporary.js';

const NEEDED = [
  ...['package.json', 'README.md', 'LICENSE', 'NOTICE', 'CHANGELOG.md', 'bin/outrider.js', 'dist/index.js'],
  'dist/web/index.html',
  ...['dist/index.d.ts', 'models/README.md', 'models/main-q8_0.gguf', 'models/draft-q8_0.gguf'],
];
/** What need not be named one by one. */
const COMPILED = /^dist\/.+\.(js|js\.map|d\.ts)$/;
const PAGE = /^dist\/web\/(assets\/[^/]+|licenses\.md)$/;
const TEST = /\.test\.|\/testing\//;

const folder = temporaryFolder();
const installed = join(folder, 'node_modules/outrider');
const tally = new Tally();

/** @returns the paths in the package */
async function pack() {
  const args = ['pack', '--json', '--silent', '--pack-destination', folder];
  const [{ filename, files }] = JSON.parse(await succeed(runNpm(args, { cwd: root, output: 'keep' })));
  const dependencies = { outrider: `file:${filename}` };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  return /** @type {string[]} */ (files.map((/** @type {{ path: string }} */ { path }) => path));
}

function checkContents(/** @type {readonly string[]} */ files) {
  const missing = NEEDED.filter((path) => !files.includes(path));
  const known = (/** @type {string} */ path) => PAGE.test(path) || (COMPILED.test(path) && !TEST.test(path));
  const unwanted = files.filter((path) => !NEEDED.includes(path) && !known(path));
  assert.deepEqual({ missing, unwanted }, { missing: [], unwanted: [] });
}

function checkSourceMaps(/** @type {readonly string[]} */ files) {
  for (const file of files.filter((path) => COMPILED.test(path) && path.endsWith('.js') && !PAGE.test(path))) {
    const path = join(installed, file);
    const map = /^\/\/# sourceMappingURL=(.+)$/m.exec(readFileSync(path, 'utf8'))?.[1];
    assert.ok(map, `${file} names no source map`);
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(dirname(path), map), 'utf8'));
    assert.equal(sourcesContent?.length, sources.length, `${map} lacks sources`);
  }
}

/** @param {readonly string[]} args of `npx outrider` */
function outrider(args) {
  return succeed(runNpm(['exec', '--offline', '--', 'outrider', ...args], { cwd: folder, output: 'keep' }));
}

function importLibrary() {
  const script = "if (Object.keys(await import('outrider')).length === 0) throw new Error('it exports nothing');";
  const args = ['--input-type=module', '--eval', script];
  return succeed(runProgram(process.execPath, args, { cwd: folder, output: 'keep' }));
}

/** @type {string[]} */
let files = [];
const usable =
  (await tally.check('npm pack', async () => {
    files = await pack();
  })) &&
  (await tally.check('npm install', () => {
    const args = ['install', '--prefer-offline', '--no-audit', '--no-fund'];
    return succeed(runNpm(args, { cwd: folder, output: 'keep' }));
  }));
if (usable) {
  await tally.check('the package holds what it needs and nothing else', () => checkContents(files));
  await tally.check('source maps carry their sources', () => checkSourceMaps(files));
  await tally.check('npx outrider --version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    assert.equal((await outrider(['--version'])).trim(), version);
  });
  await tally.check('npx outrider run', async () => checkCount(await outrider(COUNT)));
  await tally.check('npx outrider inspect', async () => {
    assert.match(await outrider(['inspect', join(installed, 'models/main-q8_0.gguf')]), /llama/);
  });
  await tally.check("import 'outrider'", importLibrary);
}
tally.close();
