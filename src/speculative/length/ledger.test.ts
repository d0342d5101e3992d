import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from './ledger.js';

const PLAIN = 2;

describe('Ledger', () => {
  it('lets four plain tokens be lost at once, and a hundredth of all time', () => {
    const ledger = new Ledger();
    expect(ledger.affordable(PLAIN)).toBe(8);
    ledger.addPlain(100);
    expect(ledger.affordable(PLAIN)).toBe(9);
    ledger.addSpeculative(6, 1, PLAIN);
    expect(ledger.affordable(PLAIN)).toBeCloseTo(5.06, 9);
    ledger.addSpeculative(50, 1, PLAIN);
    expect(ledger.affordable(PLAIN)).toBe(0);
    expect(ledger.allows(PLAIN)).toBe(false);
  });

  it('remembers gains of no more than fifty plain tokens', () => {
    const ledger = new Ledger();
    for (let i = 0; i < 100; i++) ledger.addSpeculative(PLAIN, 4, PLAIN);
    expect(ledger.toJSON().loss).toBe(-100);
  });

  it('bears probes of a hundredth of all time, which count as losses too', () => {
    const ledger = new Ledger();
    expect(ledger.allowsProbe(0.1)).toBe(false);
    ledger.addPlain(1000);
    expect(ledger.probeBudget).toBe(10);
    expect([ledger.allowsProbe(10), ledger.allowsProbe(10.1)]).toEqual([true, false]);
    ledger.addProbe(6);
    expect(ledger.probeBudget).toBeCloseTo(4.06, 9);
    expect(ledger.toJSON()).toEqual({ elapsed: 1006, loss: 6, probed: 6 });
  });

  it('goes on where it was, from what was stored', () => {
    const ledger = new Ledger();
    ledger.addPlain(100);
    ledger.addSpeculative(9, 2, PLAIN);
    ledger.addProbe(0.5);
    expect(new Ledger(ledger.toJSON()).toJSON()).toEqual(ledger.toJSON());
  });

  it('keeps its promise whatever happens: a text takes no longer than plainly, but for what may be lost', () => {
    const round = fc.record({
      ms: fc.double({ min: 0.1, max: 12, noNaN: true }),
      tokens: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(round, { maxLength: 80 }), (rounds) => {
        const ledger = new Ledger();
        let [elapsed, plainly] = [0, 0];
        for (const { ms, tokens } of rounds) {
          const drafts = ledger.allows(PLAIN);
          if (drafts) ledger.addSpeculative(ms, tokens, PLAIN);
          else ledger.addPlain(PLAIN);
          elapsed += drafts ? ms : PLAIN;
          plainly += drafts ? tokens * PLAIN : PLAIN;
          // A hundredth, four tokens, and the round that overdrew.
          expect(elapsed).toBeLessThanOrEqual(plainly + 0.01 * elapsed + 4 * PLAIN + 12);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('gives each new text a chance of two plain tokens, halved for each text that lost it, whole behind one that gained', () => {
    const ledger = new Ledger();
    const lose = () => ledger.addSpeculative(50, 1, PLAIN);
    const chance = () => {
      ledger.beginText(PLAIN);
      return ledger.affordable(PLAIN) / PLAIN;
    };
    const chances = [1, 2, 3].map(() => {
      lose();
      return chance();
    });
    expect(chances.map((left) => Number(left.toFixed(6)))).toEqual([1, 0.5, 0.25]);
    ledger.addSpeculative(0.5, 1, PLAIN);
    expect(chance()).toBeGreaterThan(0.25);
    lose();
    expect(chance()).toBeCloseTo(1, 6);
  });

  it('gambles away no more than four plain tokens of what other texts gained', () => {
    const ledger = new Ledger();
    for (let i = 0; i < 100; i++) ledger.addSpeculative(PLAIN, 4, PLAIN);
    expect(ledger.affordable(PLAIN)).toBeGreaterThan(50 * PLAIN);
    ledger.beginText(PLAIN);
    expect(ledger.affordable(PLAIN)).toBeCloseTo(4 * PLAIN, 9);
  });

  it('lets a text that a probe speaks for lose two plain tokens again, half as much each time that it does', () => {
    const ledger = new Ledger();
    ledger.beginText(PLAIN);
    const encouraged = () => {
      ledger.encourage(PLAIN);
      return ledger.affordable(PLAIN) / PLAIN;
    };
    const chances = [1, 2, 3].map(() => {
      ledger.addSpeculative(50, 1, PLAIN);
      return encouraged();
    });
    expect(chances.map((left) => Number(left.toFixed(6)))).toEqual([2, 1, 0.5]);
    ledger.addSpeculative(0.5, 1, PLAIN);
    encouraged();
    ledger.addSpeculative(50, 1, PLAIN);
    expect(encouraged()).toBeCloseTo(2, 6);
  });

  it('lets each text be looked at for a hundredth of what texts usually take', () => {
    const ledger = new Ledger();
    for (let text = 0; text < 30; text++) {
      ledger.beginText(PLAIN);
      ledger.addPlain(1000);
      ledger.addProbe(100);
    }
    expect(ledger.allowsProbe(1)).toBe(false);
    ledger.beginText(PLAIN);
    expect(ledger.probeBudget).toBeGreaterThan(10.9);
    expect(ledger.probeBudget).toBeLessThan(11.1);
  });

  it("lets no text probe with more than eight plain tokens' time of what those before it left", () => {
    const ledger = new Ledger();
    ledger.addPlain(1e6);
    ledger.beginText(PLAIN);
    ledger.addPlain(10 * PLAIN);
    ledger.beginText(PLAIN);
    expect(ledger.probeBudget).toBeLessThan(1e4);
    for (let text = 0; text < 40; text++) {
      ledger.addPlain(10 * PLAIN);
      ledger.beginText(PLAIN);
    }
    expect(ledger.probeBudget / PLAIN).toBeCloseTo(8, 6);
  });

  it('takes nothing from a text that a probe speaks for', () => {
    const ledger = new Ledger();
    ledger.addSpeculative(PLAIN, 20, PLAIN);
    const before = ledger.affordable(PLAIN);
    ledger.encourage(PLAIN);
    expect(ledger.affordable(PLAIN)).toBe(before);
  });

  it('leaves a new text the share of a usual one’s time, however many texts lost before', () => {
    const ledger = new Ledger();
    for (let text = 0; text < 20; text++) {
      ledger.beginText(PLAIN);
      ledger.addPlain(5000);
      ledger.addSpeculative(1000, 1, PLAIN);
    }
    ledger.beginText(PLAIN);
    expect(ledger.affordable(PLAIN)).toBeGreaterThan(55);
    expect(ledger.affordable(PLAIN)).toBeLessThan(61);
  });
});
