import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { WORKLOADS } from '../bench/workloads.js';
import { addBenchFlags, type BenchFlags, planFrom } from './bench-flags.js';

function plan(...argv: readonly string[]) {
  const command = addBenchFlags(new Command().exitOverride());
  return planFrom(command.parse(argv, { from: 'user' }).opts<BenchFlags>());
}

const namesOf = (named: readonly { readonly name: string }[]) => named.map(({ name }) => name);

describe('the plan', () => {
  test('is everything, at length', () => {
    const everything = plan();
    expect(everything).toMatchObject({
      workloads: WORKLOADS,
      tokens: 256,
      repetitions: 9,
      enoughMs: Number.POSITIVE_INFINITY,
    });
    expect(namesOf(everything.policies)).toEqual(['adaptive', 'fixed3', 'fixed8', 'block3', 'llama', 'llama16']);
  });

  test('is short where it has to be quick, on at least eight workloads', () => {
    const quick = plan('--quick');
    expect(quick.enoughMs).toBeLessThan(50_000);
    expect(namesOf(quick.policies)).toEqual(['adaptive', 'llama']);
    expect(quick.workloads.length).toBeGreaterThanOrEqual(8);
  });

  test('is what flags say, in its own order', () => {
    const chosen = plan(
      '--quick',
      '--workloads',
      'chat, json',
      '--policies',
      'llama,plain,fixed8',
      '-n',
      '64',
      '-s',
      '3',
    );
    expect(namesOf(chosen.workloads)).toEqual(['json', 'chat']);
    expect(namesOf(chosen.policies)).toEqual(['fixed8', 'llama']);
    expect(chosen).toMatchObject({ tokens: 64, seed: 3 });
  });

  test('has all the repetitions that were asked for, however long they take', () => {
    expect(plan('--quick', '--repetitions', '21')).toMatchObject({
      repetitions: 21,
      enoughMs: Number.POSITIVE_INFINITY,
    });
  });

  test('has adaptive where others are compared with it', () => {
    expect(namesOf(plan('--policies', 'llama', '--against', 'node-llama-cpp').policies)).toEqual(['adaptive', 'llama']);
  });

  test('has a time limit where one is given', () => {
    expect(plan('--minutes', '45')).toMatchObject({ repetitions: 9, enoughMs: 45 * 60_000 });
    expect(plan('--minutes', '1', '--repetitions', '99')).toMatchObject({ repetitions: 99, enoughMs: 60_000 });
  });

  test.each([
    [['--workloads', 'chat,poetry'], /--workloads: expected names of counting, json, .*got 'chat,poetry'/],
    [['--policies', ''], /--policies: expected names of plain, adaptive/],
    [['-n', '3'], /--predict: expected an integer from 16/],
    [['--repetitions', '0'], /--repetitions: expected an integer from 1/],
  ])('%j is refused', (argv, message) => expect(() => plan(...argv)).toThrow(message));
});
