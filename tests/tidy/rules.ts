/**
 * House rules: each takes a source tree and gives what breaks it, one line for each place.
 */
import { isBuiltin } from "node:module";
import ts from "typescript";
import { lineOf, nodesOf, resolveSpecifier, type SourceFile, type SourceTree } from "./tree.ts";

export type Rule = (tree: SourceTree) => string[];

const MAX_LINES = 400;
/** Rooms of the blind side; they never reach {@link PARTY_SIDE}. */
const BLIND_SIDE = ["engine/match/", "engine/batch/", "server/", "pages/secretariat/", "pages/kit/"];
const PARTY_SIDE = "engine/encode/";
const PURE_ROOM = "engine/";
const PURE_MODULES = new Set(["node:crypto"]);
const LOGGERS = new Set(["pino"]);
const EMPTY_NAMES = /^(utils?|helpers?|common|misc|shared)$/i;
const EMPTY_ROLES = /(Service|Manager|Repository|Factory)$/;
const EMPTY_ROLES_IN_FILE_NAMES = /(^|-)(service|manager|repository|factory)$/i;
const ABSOLUTE_PATH = /^(file:|[A-Za-z]:\\|\/(home|root|Users|work|tmp|var|etc|opt)\/)/;

/** Every file says at its top what it is. */
export const headerMissing: Rule = (tree) =>
  placesIn(tree, (file) => {
    const header = /^(#!.*\n)?\s*\/\*([\s\S]*?)\*\//.exec(file.text)?.[2] ?? "";
    return /\w/.test(header) ? [] : [`${file.path}: no header comment`];
  });

/** Nothing on the blind side reaches the party side, at any remove; types count. */
export const wallBroken: Rule = (tree) =>
  placesIn(tree, (file) => {
    if (!BLIND_SIDE.some((room) => file.path.startsWith(room))) return [];
    const way = wayTo(tree, file, (path) => path.startsWith(PARTY_SIDE));
    return way === undefined ? [] : [`${way.join(" → ")}: through the wall`];
  });

/** The engine has no I/O, clock, randomness of its own, or logging, and imports no other room. */
export const engineImpure: Rule = (tree) =>
  placesIn(tree, (file) => {
    if (!file.path.startsWith(PURE_ROOM)) return [];
    const modules = file.specifiers.filter(
      (specifier) =>
        (isBuiltin(specifier) && !PURE_MODULES.has(specifier)) ||
        LOGGERS.has(specifier) ||
        resolveSpecifier(file, specifier)?.startsWith(PURE_ROOM) === false,
    );
    const uses = [...nodesOf(file.syntax)].flatMap((node) => {
      const use = impureUse(node);
      return use === undefined ? [] : [`${file.path}:${lineOf(file, node)}: ${use}`];
    });
    return [...modules.map((specifier) => `${file.path}: imports ${specifier}`), ...uses];
  });

/** No file, folder or class whose name says nothing. */
export const emptyName: Rule = (tree) =>
  placesIn(tree, (file) => {
    const stems = file.path.split("/").map((part) => part.replace(/(\.test)?\.tsx?$/, ""));
    const names = stems.filter(
      (stem) => EMPTY_NAMES.test(stem) || EMPTY_ROLES_IN_FILE_NAMES.test(stem) || EMPTY_ROLES.test(stem),
    );
    const classes = [...nodesOf(file.syntax)].flatMap((node) =>
      ts.isClassDeclaration(node) && node.name !== undefined && EMPTY_ROLES.test(node.name.text)
        ? [node.name.text]
        : [],
    );
    return [...names, ...classes].map((name) => `${file.path}: the name ${name} says nothing`);
  });

/** No file that only hands on what others export. */
export const barrel: Rule = (tree) =>
  placesIn(tree, (file) => {
    const statements = [...file.syntax.statements];
    const handedOn = statements.filter((node) => ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined);
    const whole = handedOn.some((node) => ts.isExportDeclaration(node) && node.exportClause === undefined);
    const own = statements.filter((node) => !ts.isExportDeclaration(node) && !ts.isImportDeclaration(node));
    const isIndex = file.path.split("/").at(-1) === "index.ts";
    const found = whole || (handedOn.length > 0 && (isIndex || own.length === 0));
    return found ? [`${file.path}: a barrel`] : [];
  });

/** No file longer than 400 lines. */
export const tooLong: Rule = (tree) =>
  placesIn(tree, (file) => {
    const lines = file.text.trimEnd().split("\n").length;
    return lines > MAX_LINES ? [`${file.path}: ${lines} lines`] : [];
  });

/** No import that leaves the project, no absolute path and no path into ../shared in a string. */
export const reachesOutside: Rule = (tree) =>
  placesIn(tree, (file) => {
    const imports = file.specifiers.filter(
      (specifier) => specifier.startsWith("/") || resolveSpecifier(file, specifier)?.startsWith("../") === true,
    );
    const strings = [...nodesOf(file.syntax)].flatMap((node) => {
      if (!ts.isStringLiteralLike(node) && !ts.isTemplateHead(node)) return [];
      const outside = ABSOLUTE_PATH.test(node.text) || /\.\.\/shared\b/.test(node.text);
      return outside ? [`${file.path}:${lineOf(file, node)}: the path "${node.text}"`] : [];
    });
    return [...imports.map((specifier) => `${file.path}: imports ${specifier}`), ...strings];
  });

/** No cast through another cast. */
export const doubleCast: Rule = (tree) =>
  placesIn(tree, (file) =>
    [...nodesOf(file.syntax)].flatMap((node) => {
      if (!ts.isAsExpression(node)) return [];
      const inner = ts.isParenthesizedExpression(node.expression) ? node.expression.expression : node.expression;
      return ts.isAsExpression(inner) ? [`${file.path}:${lineOf(file, node)}: a double cast`] : [];
    }),
  );

/** No test that is switched off or runs alone. */
export const testSwitchedOff: Rule = (tree) =>
  placesIn(tree, (file) =>
    [...nodesOf(file.syntax)].flatMap((node) =>
      ts.isPropertyAccessExpression(node) &&
      /^(test|it|describe|suite)$/.test(node.expression.getText()) &&
      /^(only|skip|todo|skipIf)$/.test(node.name.text)
        ? [`${file.path}:${lineOf(file, node)}: ${node.getText()}`]
        : [],
    ),
  );

/**
 * The lock file names no host, so that the same file works with every registry.
 *
 * @param text - package-lock.json.
 */
export function lockFileHosts(text: string): string[] {
  return [...text.matchAll(/"resolved":\s*"(\w+:\/\/[^"]*)"/g)].map(
    ([, address]) => `package-lock.json: ${address ?? ""}`,
  );
}

function placesIn(tree: SourceTree, places: (file: SourceFile) => string[]): string[] {
  return [...tree.values()].flatMap(places);
}

/** @returns Shortest way of imports from `start` to a file that is `wanted`, both ends included. */
function wayTo(tree: SourceTree, start: SourceFile, wanted: (path: string) => boolean): string[] | undefined {
  const seen = new Set([start.path]);
  const ways = [[start.path]];
  for (const way of ways) {
    const file = tree.get(way.at(-1) ?? "");
    for (const specifier of file?.specifiers ?? []) {
      const next = file && resolveSpecifier(file, specifier);
      if (next === undefined || seen.has(next)) continue;
      seen.add(next);
      if (wanted(next)) return [...way, next];
      ways.push([...way, next]);
    }
  }
  return undefined;
}

/** @returns What makes a node impure: process, console, the clock, timers, Math.random, fetch. */
function impureUse(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node)) {
    const now = node.expression.getText() === "Date" && (node.arguments?.length ?? 0) === 0;
    return now ? "new Date()" : undefined;
  }
  if (ts.isCallExpression(node)) {
    const called = node.expression.getText();
    return /^(Date|fetch|setTimeout|setInterval|setImmediate|queueMicrotask)$/.test(called) ? `${called}()` : undefined;
  }
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const text = node.getText().replace(/^globalThis\./, "");
  return /^(process|console|performance)\./.test(text) || /^(Date\.now|Math\.random)$/.test(text) ? text : undefined;
}
