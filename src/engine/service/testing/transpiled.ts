import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

export interface Transpiled {
  /** The compiled file of a source, `cli/main.ts` for example. */
  path(source: string): string;
  remove(): Promise<void>;
}

/** The sources as they are now, compiled without a look at types: what a test is going to start as a process. */
export async function transpileSources(): Promise<Transpiled> {
  const folder = await mkdtemp(join(tmpdir(), 'outrider-sources-'));
  await writeFile(join(folder, 'package.json'), '{"type": "module", "version": "1.2.3"}');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const outputOf = (source: string): string => join(folder, 'dist', source.replace(/\.ts$/, '.js'));
  const sources = await readdir(join(ROOT, 'src'), { recursive: true });
  for (const source of sources.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
    const { outputText } = ts.transpileModule(await readFile(join(ROOT, 'src', source), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    await mkdir(dirname(outputOf(source)), { recursive: true });
    await writeFile(outputOf(source), outputText);
  }
  return { path: outputOf, remove: () => rm(folder, { recursive: true }) };
}
