import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Markup } from './markup.js';

const require = createRequire(import.meta.url);

/** uPlot's own script and style sheet, with its licence, since whoever passes a report on passes it on too. */
export function plotLibrary(): { readonly script: string; readonly style: string } {
  const licence = readFileSync(require.resolve('uplot/LICENSE'), 'utf8').trim();
  return {
    script: `/*!\nuPlot\n${licence}\n*/\n${readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8')}`,
    style: readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
  };
}

/** The page's own script, without the compiler's pointer to a map that the page has not. */
export function clientScript(): string {
  const script = readFileSync(new URL('./client.js', import.meta.url), 'utf8');
  return script.replace(/^\/\/# sourceMappingURL=.*$/m, '');
}

/** A script element's content, data or program, cannot be escaped as HTML is: only its end must not appear in it. */
export function json(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll('<', '\\u003c'));
}

/**
 * The page's content security policy: these scripts and inline styles, and nothing from anywhere else. Whatever a model's
 * name or description holds, a browser neither runs nor fetches it.
 */
export function securityPolicy(scripts: readonly string[]): string {
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return `default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src ${hashes.join(' ')}`;
}
