import type { LogLine } from './log.js';

/**
 * The reason in llama.cpp's own words, from its error lines: the most telling is the first that says more than that
 * something failed; function names and repeated prefixes are dropped.
 */
export function refusalReason(heard: readonly LogLine[]): string {
  const errors = heard.filter(({ level }) => level === 'error');
  const reasons = errors
    .map(({ line }) => withoutPrefixes(line))
    .filter((line) => line !== '' && !/^failed to load model$/.test(line));
  return reasons[0] ?? 'llama.cpp gives no reason';
}

function withoutPrefixes(line: string): string {
  return line
    .replace(/^(?:[\w:~]+: )+(?=\S)/, '')
    .replace(/^error loading model(?: \w+)*: /, '')
    .trim();
}
