import { posix } from 'node:path';
import ts from 'typescript';

/** One file of the repository, as far as the rules look at it. */
export interface Module {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSize[];
}

export interface Import {
  /** A path of the repository for relative specifiers, else the specifier as written. */
  readonly target: string;
  /** Gone at run time: `import type`, `export type ... from`, `import('...').T` in a type. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface FunctionSize {
  readonly name: string;
  readonly line: number;
  readonly lineCount: number;
}

export function parseModule(path: string, text: string): Module {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const imports: Import[] = [];
  const functions: FunctionSize[] = [];
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;

  const visit = (node: ts.Node): void => {
    const reference = referenceOf(node);
    if (reference) {
      const target = resolveSpecifier(path, reference.specifier);
      imports.push({ target, typeOnly: reference.typeOnly, line: lineOf(node.getStart(source)) });
    }
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const line = lineOf(node.getStart(source));
      functions.push({ name: nameOf(node), line, lineCount: lineOf(node.getEnd()) - line + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { path, text, lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0), imports, functions };
}

/** The module that a node names: all forms of import and export, `require` and its `resolve`, and workers' `new URL(..., import.meta.url)`. */
function referenceOf(node: ts.Node): { specifier: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node)) {
    return literal(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
  }
  if (ts.isExportDeclaration(node)) return literal(node.moduleSpecifier, node.isTypeOnly);
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal, true) : undefined;
  }
  if (ts.isCallExpression(node)) {
    const { expression } = node;
    const loads = expression.kind === ts.SyntaxKind.ImportKeyword || isModuleRequire(expression);
    return loads ? literal(node.arguments[0], false) : undefined;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'URL') {
    const [path, base] = node.arguments ?? [];
    return base?.getText() === 'import.meta.url' && /\.js'$/.test(path?.getText() ?? '')
      ? literal(path, false)
      : undefined;
  }
  return undefined;
}

/** In an ES module `require` is a name like any other, unless `createRequire` made it. What it resolves is used too. */
function isModuleRequire(expression: ts.Expression): boolean {
  return (
    /^require(\.resolve)?$/.test(expression.getText()) && expression.getSourceFile().text.includes('createRequire(')
  );
}

function literal(node: ts.Node | undefined, typeOnly: boolean) {
  return node && ts.isStringLiteralLike(node) ? { specifier: node.text, typeOnly } : undefined;
}

/** `./other.js` is written for what the compiler makes of `other.ts`; outside src, JavaScript stays what it is. */
function resolveSpecifier(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const path = posix.join(posix.dirname(from), specifier);
  return /\.tsx?$/.test(from) ? path.replace(/\.js$/, '.ts') : path;
}

function nameOf(node: ts.SignatureDeclaration): string {
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  return named?.getText() ?? '(anonymous)';
}
