/**
 * A source tree as the house rules read it: TypeScript files with their syntax trees and the files that they import.
 */
import { readdirSync, readFileSync } from "node:fs";
import { posix, join } from "node:path";
import ts from "typescript";

const SKIPPED = new Set(["node_modules", ".git", "coverage", "data", "results", "dist"]);

export type SourceFile = {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly syntax: ts.SourceFile;
  /** Module specifiers as written, of imports, re-exports, dynamic imports and worker files named in a string. */
  readonly specifiers: readonly string[];
};

export type SourceTree = ReadonlyMap<string, SourceFile>;

/** @returns All TypeScript files below `root`, by path from it. */
export function readTree(root: string): SourceTree {
  return new Map(pathsBelow(root, "").map((path) => [path, sourceFile(path, readFileSync(join(root, path), "utf8"))]));
}

function pathsBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : pathsBelow(root, path);
      return /\.tsx?$/.test(entry.name) ? [path] : [];
    });
}

function sourceFile(path: string, text: string): SourceFile {
  const syntax = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imported = ts.preProcessFile(text, true, true).importedFiles.map((found) => found.fileName);
  const named = [...nodesOf(syntax)].flatMap((node) =>
    ts.isStringLiteralLike(node) && /^[.#].*\.tsx?$/.test(node.text) ? [node.text] : [],
  );
  return { path, text, syntax, specifiers: [...new Set([...imported, ...named])] };
}

/**
 * @param specifier - As written in `from`.
 * @returns Path of the project's file that it names, whether or not that exists; undefined for packages.
 */
export function resolveSpecifier(from: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return specifier.slice(1);
  if (specifier.startsWith(".")) return posix.join(posix.dirname(from.path), specifier);
  return undefined;
}

/** @returns Every node of a file, depth first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  for (const child of children) yield* nodesOf(child);
}

/** @returns Line of a node, from 1. */
export function lineOf(file: SourceFile, node: ts.Node): number {
  return file.syntax.getLineAndCharacterOfPosition(node.getStart()).line + 1;
}
