import { expect, test } from 'vitest';
import { inRequestNames } from './parameter-names.js';

test.each([
  ['bannedStrings', 'banned_strings'],
  ['drySequenceBreakers', 'dry_sequence_breakers'],
])('a refusal of %s is told as one of %s', (parameter, name) => {
  expect(inRequestNames(`${parameter}: expected texts`, parameter)).toEqual({
    message: `${name}: expected texts`,
    parameter: name,
  });
});
