import { Command } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText, integer, listOption, number, oneOf, type Reader, valueOption, wordOr } from './options.js';

function parse<Value>(reader: Reader<Value>, ...argv: string[]): unknown {
  return new Command()
    .addOption(valueOption('--flag <value>', '', reader))
    .addOption(listOption('-l, --list <value>', '', reader))
    .parse(argv, { from: 'user' })
    .opts();
}

describe('integer', () => {
  it.each(['abc', '', ' ', '2.5', '1e3', '0x10', '١', '9007199254740993', 'NaN', 'Infinity', '--', '3 '])(
    'refuses %j',
    (text) => {
      expect(() => parse(integer({ from: 0 }), '--flag', text)).toThrow(
        `--flag: expected an integer from 0, got '${text}'`,
      );
    },
  );

  it('keeps to its range', () => {
    expect(() => parse(integer({ from: 1, to: 3 }), '--flag', '4')).toThrow("an integer from 1 to 3, got '4'");
    expect(() => parse(integer({ from: 1 }), '--flag=-1')).toThrow("got '-1'");
    expect(parse(integer({ from: 1, to: 3 }), '--flag', '3')).toEqual({ flag: 3 });
  });

  it('reads every safe integer back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(integer({ from: 0 }).read(String(value))).toBe(value);
      }),
    );
  });
});

describe('number', () => {
  it.each(['abc', '', '1,5', '0x1', 'NaN', 'Infinity', '1e999', '.', 'e5', '--1'])('refuses %j', (text) => {
    expect(() => parse(number, '--flag', text)).toThrow(`--flag: expected a number, got '${text}'`);
  });

  it.each([
    ['.5', 0.5],
    ['1.', 1],
    ['-2e-3', -0.002],
    ['+1', 1],
  ])('reads %s', (text, value) => {
    expect(parse(number, '--flag', text)).toEqual({ flag: value });
  });
});

describe('other readers', () => {
  it('choose one of several words', () => {
    expect(parse(oneOf(['a', 'b']), '--flag', 'b')).toEqual({ flag: 'b' });
    expect(() => parse(oneOf(['a', 'b']), '--flag', 'c')).toThrow("--flag: expected one of a, b, got 'c'");
  });

  it('take a word beside what another reads', () => {
    expect(parse(wordOr('all', integer({ from: 0 })), '--flag', 'all')).toEqual({ flag: 'all' });
    expect(() => parse(wordOr('all', integer({ from: 0 })), '--flag', 'some')).toThrow("'all' or an integer from 0");
  });

  it('collect repeated flags in order; without a list the last one counts', () => {
    expect(parse(anyText, '-l', 'a', '--list', '', '--flag', '1', '--flag', '2')).toEqual({
      list: ['a', ''],
      flag: '2',
    });
  });
});
