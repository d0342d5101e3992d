// @ts-check
/**
 * Makes a checkout ready to run: dependencies installed, sources compiled, each only when needed. Plain JavaScript
 * that imports nothing but Node, because it runs before there is anything else. Reports on stderr: stdout belongs to
 * the command that follows.
 */
import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm, runProgram } from './child.js';

/** The folder of package.json, with a separator at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** A step that did not succeed; `message` holds everything that the step's program wrote. */
export class StepFailed extends Error {}

/** Dependencies and `dist` as the checkout wants them. @throws StepFailed */
export async function prepare() {
  await install();
  await build();
}

/** @throws StepFailed when this Node is too old or npm fails */
export async function install() {
  requireNode();
  // npm writes this file last: it is missing after an interrupted installation.
  const installed = modifiedAt(join(root, 'node_modules/.package-lock.json'));
  if (installed !== undefined && installed >= statSync(join(root, 'package-lock.json')).mtimeMs) return;
  // No install scripts: koffi's only looks for a prebuilt library, which its platform package has already brought.
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts'];
  await step('Installing the dependencies', () =>
    runNpm([...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, output: 'keep' }),
  );
}

/** Compiles `src` into `dist` when a source is newer. @throws StepFailed */
export async function build() {
  const built = modifiedAt(join(root, 'dist'));
  if (built === undefined || sources().some((path) => statSync(path).mtimeMs > built)) await rebuild();
}

/**
 * Compiles `src` into a fresh `dist`, and bundles the page into its `web`. The old one stays until the new one is whole; the new one's date is the moment
 * before its sources were read, so that a source saved meanwhile counts as newer.
 * @throws StepFailed
 */
export async function rebuild() {
  const started = new Date();
  const dist = join(root, 'dist');
  const next = join(root, 'dist.next');
  rmSync(next, { recursive: true, force: true });
  const run = (/** @type {string} */ program, /** @type {readonly string[]} */ args) =>
    runProgram(process.execPath, [join(root, 'node_modules', program), ...args], { cwd: root, output: 'keep' });
  try {
    await step('Building', () => run('typescript/bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', next]));
    await step('Building the page', () => run('vite/bin/vite.js', ['build', '--outDir', join(next, 'web')]));
    rmSync(dist, { recursive: true, force: true });
    renameSync(next, dist);
    utimesSync(dist, started, started);
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}

/** Everything that `dist` depends on. Folders count: their dates change when a file is removed. */
function sources() {
  const entries = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true });
  const compiled = entries.filter((entry) => !entry.name.endsWith('.test.ts'));
  return [
    join(root, 'src'),
    ...compiled.map((entry) => join(entry.parentPath, entry.name)),
    ...['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'vite.config.ts'].map((name) => join(root, name)),
  ];
}

function requireNode() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const numbers = (/** @type {string} */ text) => text.match(/\d+/g)?.map(Number) ?? [];
  const [major = 0, minor = 0] = numbers(process.versions.node);
  const [wantedMajor = 0, wantedMinor = 0] = numbers(engines.node);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new StepFailed(`Outrider needs Node ${engines.node}, but this is ${process.version}: install a newer Node.`);
}

/** @returns {number | undefined} milliseconds of the epoch; `undefined`: there is no such file */
function modifiedAt(/** @type {string} */ path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/**
 * One line for one step; all of the program's output if it fails.
 * @param {string} name
 * @param {() => Promise<{ exitCode: number, output: string }>} action
 */
async function step(name, action) {
  const started = performance.now();
  process.stderr.write(`${name} ... `);
  const { exitCode, output } = await action();
  process.stderr.write(exitCode === 0 ? `${((performance.now() - started) / 1000).toFixed(1)} s\n` : 'failed\n');
  if (exitCode !== 0) throw new StepFailed(output.trimEnd());
}
