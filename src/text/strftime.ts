const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/**
 * A date in local time by Python's `strftime` format, as chat templates write today's date. Names are English whatever
 * the locale, as the models were trained. Codes that are not known stay as they are.
 */
export function strftime(date: Date, format: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const hour = date.getHours() % 12 || 12;
  const codes: Readonly<Record<string, () => string>> = {
    Y: () => String(date.getFullYear()),
    y: () => two(date.getFullYear() % 100),
    m: () => two(date.getMonth() + 1),
    B: () => MONTHS[date.getMonth()]!,
    b: () => MONTHS[date.getMonth()]!.slice(0, 3),
    d: () => two(date.getDate()),
    e: () => String(date.getDate()).padStart(2),
    A: () => DAYS[date.getDay()]!,
    a: () => DAYS[date.getDay()]!.slice(0, 3),
    H: () => two(date.getHours()),
    I: () => two(hour),
    M: () => two(date.getMinutes()),
    S: () => two(date.getSeconds()),
    p: () => (date.getHours() < 12 ? 'AM' : 'PM'),
    '%': () => '%',
  };
  // `%-d` is glibc's way to leave out the leading zero.
  return format.replace(/%(-?)([a-zA-Z%])/g, (code, bare: string, letter: string) => {
    const text = codes[letter]?.();
    if (text === undefined) return code;
    return bare === '' ? text : text.replace(/^[0 ](?=\d)/, '');
  });
}
