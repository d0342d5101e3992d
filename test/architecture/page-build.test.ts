import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** What a browser loads before the page is there, gzipped, in bytes. */
const MOST_BYTES = 150_000;

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-page-'));
  await build({ configFile: join(root, 'vite.config.ts'), build: { outDir: folder } });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = () =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(html|js|css|svg)$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

describe('the built page', () => {
  test('is small', () => {
    const bytes = files().reduce((sum, { text }) => sum + gzipSync(text).length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(MOST_BYTES);
  });

  test('has no script and no style in its HTML, which its policy forbids', () => {
    const html = readFileSync(join(folder, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*\ssrc=)| on\w+=/i);
    expect(html.match(/(?:src|href)="[^"]*"/g)).toSatisfy((links: string[]) =>
      links.every((link) => link.includes('"./assets/')),
    );
  });

  test('says whose work is in it', () => {
    const licences = readFileSync(join(folder, 'licenses.md'), 'utf8');
    for (const name of ['preact', 'marked', 'uplot']) expect(licences).toContain(name);
  });
});
