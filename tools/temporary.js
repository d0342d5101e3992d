// @ts-check
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that goes when this process ends, also by a signal that `runProgram` heard. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'outrider-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
