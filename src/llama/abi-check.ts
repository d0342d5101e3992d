import koffi from 'koffi';
import { OutriderError } from '../errors.js';
import { DEFAULTS, type Functions, RELEASE, STRUCT_SIZES, VERSION } from './abi/v0.5.0/index.js';

/** What a library of the expected release says of itself: its version and every field of its default parameters. */
export interface AbiExpectation {
  readonly version: string;
  readonly defaults: Readonly<Record<keyof typeof DEFAULTS, Readonly<Record<string, unknown>>>>;
}

export const EXPECTED_ABI: AbiExpectation = { version: VERSION, defaults: DEFAULTS };

/**
 * Refuses a library whose layouts are not those declared here, before anything is passed to it: a silent change of a
 * struct would corrupt memory.
 * @throws OutriderError abi_mismatch, naming the field
 */
export function checkAbi(
  functions: Pick<Functions, 'llama_version' | keyof typeof DEFAULTS>,
  directory: string,
  expected: AbiExpectation = EXPECTED_ABI,
): void {
  const mismatch = (what: string, wanted: unknown, got: unknown): never => {
    throw new OutriderError(
      'abi_mismatch',
      `the llama.cpp in ${directory} is not ${RELEASE}: ${what} should be ${String(wanted)} and is ${String(got)}; install the matching build`,
      { field: what, expected: wanted, got, directory },
    );
  };

  const version = functions.llama_version();
  // Builds say "0.5.0", "0.5.0-dev", ...: the release and nothing longer.
  if (version !== expected.version && !version.startsWith(`${expected.version}-`)) {
    mismatch('llama_version()', expected.version, version);
  }
  for (const { type, bytes } of STRUCT_SIZES) {
    if (koffi.sizeof(type) !== bytes) mismatch(`sizeof(${type.name})`, bytes, koffi.sizeof(type));
  }
  for (const [name, fields] of Object.entries(expected.defaults) as [keyof typeof DEFAULTS, object][]) {
    const got = functions[name]() as Readonly<Record<string, unknown>>;
    for (const [field, wanted] of Object.entries(fields)) {
      if (!Object.is(got[field], wanted)) mismatch(`${name}().${field}`, wanted, got[field]);
    }
  }
}
