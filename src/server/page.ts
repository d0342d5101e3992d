/** The page (src/web), as the build left it: read once, kept in memory, served without an API key. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { ServerApp, ServerRequest } from './dialect.js';

/** The same folder from src/server, where tests run, and from dist/server. */
const BUILT = fileURLToPath(new URL('../../dist/web/', import.meta.url));

/** Everything comes from this server, and no text of a model can ever run. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/markdown; charset=utf-8',
};

/** The page's routes; they answer while the models are being loaded, too. */
export class Page {
  readonly #folder: string;
  #files: ReadonlyMap<string, PageFile> | undefined;

  /** @param folder what vite built; read when the page is mounted */
  constructor(folder: string = BUILT) {
    this.#folder = folder;
  }

  isPublic(method: string, path: string): boolean {
    return (method === 'GET' || method === 'HEAD') && (path === '/' || this.#read().has(path));
  }

  mount(app: ServerApp): void {
    for (const [path, file] of this.#read()) app.get(path, (context) => answer(context, file));
    if (this.#read().has('/')) return;
    app.get('/', (context) => context.text('Outrider is here, but its page is not built: npm run build builds it.\n'));
  }

  #read(): ReadonlyMap<string, PageFile> {
    this.#files ??= new Map(fileNames(this.#folder).map((name) => [pathOf(name), readPageFile(this.#folder, name)]));
    return this.#files;
  }
}

interface PageFile {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly gzipped: Buffer<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

function pathOf(name: string): string {
  return name === 'index.html' ? '/' : `/${name}`;
}

function fileNames(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return entries.map((name) => name.replaceAll('\\', '/')).filter((name) => Object.hasOwn(TYPES, extname(name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readPageFile(folder: string, name: string): PageFile {
  const bytes = readFileSync(`${folder}/${name}`);
  // Files of that folder have their content's hash in their names.
  const unchanging = name.startsWith('assets/');
  return {
    bytes,
    gzipped: gzipSync(bytes),
    headers: {
      'Content-Type': TYPES[extname(name)]!,
      'Cache-Control': unchanging ? 'public, max-age=31536000, immutable' : 'no-cache',
      ETag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
      Vary: 'Accept-Encoding',
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    },
  };
}

function answer(context: ServerRequest, { bytes, gzipped, headers }: PageFile): Response {
  const { req } = context;
  const known = req.header('if-none-match')?.split(',') ?? [];
  // Weak validators too: whoever packs an answer on the way may have made one of ours.
  if (known.some((tag) => tag.trim().replace(/^W\//, '') === headers.ETag)) return context.body(null, 304, headers);
  const packed = /\bgzip\b/.test(req.header('accept-encoding') ?? '');
  if (!packed) return context.body(bytes, 200, headers);
  return context.body(gzipped, 200, { ...headers, 'Content-Encoding': 'gzip' });
}
