// @ts-check
/** The browser that the page is tested in: it comes inside an npm package, so a fresh machine has it after `npm ci`. */
import packed from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import { temporaryFolder } from './temporary.js';

/**
 * The package's own arguments are for a cloud's machines and switch off what the tests look at (who may ask whom, and
 * the page's process of its own). Root has no sandbox to start in.
 */
const ARGUMENTS = ['--disable-gpu', '--font-render-hinting=none', '--no-sandbox'];

/**
 * Unpacks the browser where nothing was unpacked before: the package takes what lies there as it is, even half of it.
 * The package is for Linux on x64; elsewhere OUTRIDER_TEST_CHROMIUM names a Chromium that is installed.
 *
 * @returns {Promise<string>} its program, which goes with this process
 */
export async function chromiumProgram() {
  const installed = process.env.OUTRIDER_TEST_CHROMIUM;
  if (installed !== undefined) return installed;
  const { TMPDIR } = process.env;
  process.env.TMPDIR = temporaryFolder();
  try {
    return await packed.executablePath();
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}

/** @param {string} program what `chromiumProgram` gave */
export function launchChromium(program) {
  return chromium.launch({ executablePath: program, args: ARGUMENTS });
}
