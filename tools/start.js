// @ts-check
/**
 * `npm start -- <command ...>`: prepares the checkout, then becomes `outrider <command ...>`: the same process, so
 * that streams, signals and the exit code are the command's own.
 */
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endWithNpm } from './orphan.js';
import { prepare, root, StepFailed } from './prepare.js';

/** What a newcomer gets: the embedded pair, served. */
const STANDARD = ['serve'];

endWithNpm();
try {
  await prepare();
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  console.error(error.message);
  process.exit(1);
}

const typed = process.argv.slice(2);
const program = join(root, 'bin/outrider.js');
process.argv = [process.execPath, program, ...(typed.length > 0 ? typed : STANDARD)];
// npm moves to the package's folder; paths that the user typed are relative to where the user is.
if (isNpmStartOfThisPackage()) process.chdir(process.env.INIT_CWD ?? '.');
await import(pathToFileURL(program).href);

/** A script of another package may have started us: then INIT_CWD is that script's, not ours. */
function isNpmStartOfThisPackage() {
  const { npm_lifecycle_event: event, npm_package_json: file } = process.env;
  return event === 'start' && file !== undefined && relative(join(root, 'package.json'), file) === '';
}
