import { describe, expect, test } from 'vitest';
import { DEFAULT_ORDER, knownOrder, orderFromKobold, orderFromLetters, orderFromNames } from './order.js';

describe('order of the steps', () => {
  test("llama.cpp's default by names and by letters", () => {
    expect(orderFromNames('penalties;dry;top_n_sigma;top_k;typ_p;top_p;min_p;xtc;temperature')).toEqual(DEFAULT_ORDER);
    expect(orderFromLetters('edskypmxt')).toEqual(DEFAULT_ORDER);
  });

  test('names in the spellings that llama.cpp takes', () => {
    expect(orderFromNames(['Top-K', 'topp', 'nucleus'].slice(0, 2))).toEqual(['top_k', 'top_p']);
    expect(orderFromNames(['nucleus', 'temp', 'typ', 'MIN-P'])).toEqual(['top_p', 'temperature', 'typ_p', 'min_p']);
    expect(orderFromNames('top_k;')).toEqual(['top_k']);
    for (const name of ['typical_p', 'typical', 'Typical-P', 'typ-p', 'typ_p'])
      expect(orderFromNames([name])).toEqual(['typ_p']);
  });

  test("KoboldCpp's ids: DRY first, min-p after top-p, top-n-sigma after the temperature, XTC last", () => {
    expect(orderFromKobold([6, 0, 1, 3, 4, 2, 5])).toEqual([
      'dry',
      'penalties',
      'top_k',
      'typ_p',
      'top_p',
      'min_p',
      'temperature',
      'top_n_sigma',
      'xtc',
    ]);
  });

  test.each([
    ['a name that objects have', () => orderFromNames(['constructor']), "unknown sampler 'constructor'"],
    ['an unknown name', () => orderFromNames('top_k;top_z'), "unknown sampler 'top_z'"],
    ['a repeated name', () => orderFromNames(['top_p', 'nucleus']), "sampler 'nucleus' occurs twice"],
    ['an unknown letter', () => orderFromLetters('kz'), "unknown sampler letter 'z'"],
    ['a repeated letter', () => orderFromLetters('kk'), "sampler 'k' occurs twice"],
    ['an unknown id', () => orderFromKobold([0, 7]), 'unknown sampler id 7'],
    ['a fraction', () => orderFromKobold([0.5]), 'unknown sampler id 0.5'],
    ['a repeated id', () => orderFromKobold([0, 6, 0]), 'sampler_order [0,6,0] names a sampler twice'],
  ])('refuses %s', (_, parse, message) => {
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});

describe('what a request names', () => {
  test.each<[string, string | string[], string[]]>([
    [
      'SillyTavern’s list',
      [
        'penalties',
        'dry',
        'top_n_sigma',
        'top_k',
        'typ_p',
        'tfs_z',
        'typical_p',
        'xtc',
        'top_p',
        'adaptive_p',
        'min_p',
      ],
      ['penalties', 'dry', 'top_n_sigma', 'top_k', 'typ_p', 'xtc', 'top_p', 'min_p'],
    ],
    ['names between semicolons', 'top_k;adaptive_p;top_k;temp', ['top_k', 'temperature']],
    ['one name', 'top_k', ['top_k']],
    ['one name without marks', 'temperature', ['temperature']],
    ['letters, one of them for adaptive-p', 'edskypmxta', [...DEFAULT_ORDER]],
    ['letters that repeat', 'ktk', ['top_k', 'temperature']],
    ['letters that are a name by chance', 'temp', ['temperature', 'penalties', 'min_p', 'top_p']],
    ['nothing', [], []],
    ['nothing between semicolons', ';', []],
    ['no letters', '', []],
  ])('is read: %s', (_, samplers, order) => expect(knownOrder(samplers)).toEqual(order));

  test.each<[string, string | string[], string]>([
    ['a name', ['top_z'], "unknown sampler 'top_z'"],
    ['a name as a text', 'top_z', "unknown sampler 'top_z'"],
    ['names', 'adaptive_p;tfs_z', "unknown sampler 'adaptive_p'"],
    ['letters', 'zq', "unknown sampler letter 'z'"],
  ])('is refused where nothing of it is known: %s', (_, samplers, message) => {
    expect(() => knownOrder(samplers)).toThrow(message);
  });
});
