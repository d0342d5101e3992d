/** How the report writes its figures: few digits, units beside them, and a dash for what there is not. */

import { LEAST_FOR_INTERVAL } from '../interval.js';

/** A ratio of speeds: `1.62×`. */
export function times(ratio: number | undefined): string {
  return written(ratio, (value) => `${value.toFixed(2)}×`);
}

/** The ends of an interval of ratios: `1.55 to 1.70`. */
export function span([low, high]: readonly [number, number]): string {
  return `${written(low, (value) => value.toFixed(2))} to ${written(high, (value) => value.toFixed(2))}`;
}

/** What `interval` in a result of so many repetitions is: fewer than six do not bound a median (see interval.ts). */
export function intervalName(repetitions: number): string {
  return repetitions < LEAST_FOR_INTERVAL ? `range of ${repetitions} repetitions` : '95 % interval';
}

export function percent(share: number | null | undefined): string {
  return written(share, (value) => `${Math.round(100 * value)} %`);
}

const THREE_DIGITS = { minimumSignificantDigits: 3, maximumSignificantDigits: 3 } as const;

/** Three digits that say something, whatever the size: `0.0123`, `4.56`, `1,230`. */
export function short(value: number | undefined): string {
  return written(value, (number) => number.toLocaleString('en', THREE_DIGITS));
}

export function count(value: number): string {
  return value.toLocaleString('en');
}

/** A number of parameters: `14.2 M`, `7.6 B`. */
export function parameters(value: number): string {
  return value >= 1e9 ? `${(value / 1e9).toFixed(1)} B` : `${(value / 1e6).toFixed(1)} M`;
}

/** Memory and files, in powers of 1024 as memory is sold: `15.2 MiB`, `4.1 GiB`. */
export function bytes(value: number): string {
  return value >= 2 ** 30 ? `${(value / 2 ** 30).toFixed(1)} GiB` : `${(value / 2 ** 20).toFixed(1)} MiB`;
}

function written(value: number | null | undefined, write: (value: number) => string): string {
  return value === undefined || value === null || !Number.isFinite(value) ? '–' : write(value);
}
