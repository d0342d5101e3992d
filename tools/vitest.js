// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './child.js';
import { root } from './prepare.js';
import { temporaryFolder } from './temporary.js';

/**
 * Runs the tests of one vitest project under a given Node.
 *
 * @param {string} node the program
 * @param {'standalone' | 'model' | 'browser'} project
 * @param {readonly string[]} args vitest's own: parts of file names, `-t <name>` ...
 * @returns {Promise<{ passed: number, failed: number }>} What fails outside a test (a file that cannot be loaded, a
 *   crash, an unhandled rejection) counts as one failure.
 */
export async function runTests(node, project, args = []) {
  const report = join(temporaryFolder(), 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { exitCode } = await runProgram(node, [vitest, 'run', '--project', project, ...reporters, ...args], {
    cwd: root,
  });
  const { passed, failed } = readReport(report);
  return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed };
}

function readReport(/** @type {string} */ path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 1 };
  }
  /** @type {{ status: string, assertionResults: { status: string }[] }[]} */
  const files = report.testResults;
  const broken = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}
