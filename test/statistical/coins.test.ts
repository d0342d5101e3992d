import { expect, it } from 'vitest';
import { drawBy, type Random } from '../../src/speculative/index.js';
import { integrateCoins } from './coins.js';

it('a coin that decides nothing is integrated out', async () => {
  expect(await integrateCoins((random) => `${random() < 2}`)).toEqual(new Map([['true', 1]]));
});

it('stretches of a single coin have the mass that they are long', async () => {
  const law = await integrateCoins(
    (random) => `${drawBy({ ids: [3, 1, 2], probabilities: [0.6, 1e-6, 0.399999] }, random())}`,
  );
  expect(law.get('3')).toBeCloseTo(0.6, 10);
  expect(law.get('1')).toBeCloseTo(1e-6, 10);
  expect(law.get('2')).toBeCloseTo(0.399999, 10);
});

it('later coins may depend on earlier ones, and there may be more or fewer of them', async () => {
  const play = async (random: Random) => {
    if (random() < 1 / 3) return 'one';
    return random() < 1 / 4 ? 'two' : random() * 0.7 >= 0.35 ? 'three' : 'three or so';
  };
  const law = await integrateCoins(play);
  expect(law.get('one')).toBeCloseTo(1 / 3, 10);
  expect(law.get('two')).toBeCloseTo(1 / 6, 10);
  expect(law.get('three')).toBeCloseTo(1 / 4, 10);
  expect(law.get('three or so')).toBeCloseTo(1 / 4, 10);
});

it('coins that are tossed before any is looked at are told apart', async () => {
  const law = await integrateCoins((random) => {
    const coins = [random(), random(), random()];
    return `${coins.findLastIndex((coin, i) => coin < [0.5, 0.25, 0.125][i]!)}`;
  });
  expect(law.get('2')).toBeCloseTo(1 / 8, 10);
  expect(law.get('1')).toBeCloseTo((7 / 8) * (1 / 4), 10);
  expect(law.get('0')).toBeCloseTo((7 / 8) * (3 / 4) * (1 / 2), 10);
  expect(law.get('-1')).toBeCloseTo((7 / 8) * (3 / 4) * (1 / 2), 10);
});
