// @ts-check
/**
 * `npm start -- <command ...>`: prepares the checkout, then becomes `outrider <command ...>`: the same process, so
 * that streams, signals and the exit code are the command's own.
 */
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endWithNpm } from './orphan.js';
import { prepare, root, StepFailed } from './prepare.js';

/** What a newcomer sees: the embedded pair at work, with what the speculation brought. */
// A fixed rule: on models whose pass takes half a millisecond the adaptive length may rightly draft nothing at first.
const DEMONSTRATION = ['run', 'Count from 1 to 20.', '--chat', '--draft-max', '8', '--draft-p-min', '0.5'];

endWithNpm();
try {
  await prepare();
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  console.error(error.message);
  process.exit(1);
}

const typed = process.argv.slice(2);
if (typed.length === 0)
  process.stderr.write('outrider run "Count from 1 to 20." --chat --draft-max 8 --draft-p-min 0.5\n');
const program = join(root, 'bin/outrider.js');
process.argv = [process.execPath, program, ...(typed.length > 0 ? typed : DEMONSTRATION)];
// npm moves to the package's folder; paths that the user typed are relative to where the user is.
if (isNpmStartOfThisPackage()) process.chdir(process.env.INIT_CWD ?? '.');
await import(pathToFileURL(program).href);

/** A script of another package may have started us: then INIT_CWD is that script's, not ours. */
function isNpmStartOfThisPackage() {
  const { npm_lifecycle_event: event, npm_package_json: file } = process.env;
  return event === 'start' && file !== undefined && relative(join(root, 'package.json'), file) === '';
}
