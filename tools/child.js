// @ts-check
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const FORWARDED_SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * What became of a program. Exit code 1 also stands for an end by a signal. The texts are empty unless kept; `output`
 * is stdout and stderr together.
 * @typedef {{ exitCode: number, stdout: string, output: string }} Ended
 */

/**
 * @typedef {object} Options
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {'pass' | 'keep' | 'both'} [output] pass on what it writes (the default), keep it, or both
 * @property {boolean} [shell]
 */

/**
 * Runs a program to its end, without stdin. A signal that ends this process ends the program first.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Options} [options]
 * @returns {Promise<Ended>}
 */
export function runProgram(program, args, { output: mode = 'pass', ...options } = {}) {
  const stream = mode === 'pass' ? 'inherit' : 'pipe';
  const child = spawn(program, args, { ...options, stdio: ['ignore', stream, stream] });
  /** @type {Buffer[]} */
  const stdout = [];
  /** @type {Buffer[]} */
  const output = [];
  child.stdout?.on('data', (chunk) => {
    stdout.push(chunk);
    output.push(chunk);
    if (mode === 'both') process.stdout.write(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    output.push(chunk);
    if (mode === 'both') process.stderr.write(chunk);
  });

  /** @type {NodeJS.Signals | undefined} */
  let received;
  const forward = (/** @type {NodeJS.Signals} */ signal) => {
    received = signal;
    child.kill(signal);
  };
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);

  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      for (const signal of FORWARDED_SIGNALS) process.off(signal, forward);
      // As a shell does: 128 and the signal's number.
      if (received !== undefined) process.exit(128 + constants.signals[received]);
      const text = (/** @type {Buffer[]} */ chunks) => Buffer.concat(chunks).toString('utf8');
      resolve({ exitCode: code ?? 1, stdout: text(stdout), output: text(output) });
    });
  });
}

/**
 * What a program wrote to stdout, its output being kept.
 *
 * @param {Promise<Ended>} ended
 * @throws Error holding all of its output, when it failed
 */
export async function succeed(ended) {
  const { exitCode, stdout, output } = await ended;
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}\n${output}`);
  return stdout;
}

/**
 * Runs the npm that started this process, or else the one on the path. Settings of an outer npm (`--silent`,
 * `--omit`) are inherited: name in `args` whatever must hold.
 *
 * @param {readonly string[]} args
 * @param {Options} [options]
 */
export function runNpm(args, options) {
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('npm-cli.js')) return runProgram(process.execPath, [npm, ...args], options);
  return runProgram('npm', args, { ...options, shell: process.platform === 'win32' });
}
