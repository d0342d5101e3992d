import { randomInt } from 'node:crypto';

/** 48 random bits: a seed that every client can carry as a number. */
export function drawSeed(): number {
  return randomInt(2 ** 48 - 1);
}
