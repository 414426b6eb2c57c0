/**
 * Durable files: whole or not at all, and what is destroyed; long contents in pieces.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createFile, destroyFile, replaceFile, supersedeFile } from "#client/durable-file.ts";
import { inPieces, linesOf } from "#client/pieces.ts";
import { temporaryFolder } from "./folders.ts";

describe("a durable file", () => {
  test("stays as it was, with nothing beside it, when writing its replacement fails", () => {
    const folder = temporaryFolder();
    const path = join(folder, "file");
    createFile(path, [Buffer.from("first")]);
    const failing = function* (): Generator<Uint8Array> {
      yield Buffer.from("sec");
      throw new RangeError("out of luck");
    };
    expect(() => {
      replaceFile(path, failing());
    }).toThrow("out of luck");
    expect(readFileSync(path, "utf8")).toBe("first");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("is overwritten before it is removed", () => {
    const folder = temporaryFolder();
    createFile(join(folder, "secret"), [new Uint8Array([1, 2, 3])]);
    linkSync(join(folder, "secret"), join(folder, "same-bytes"));
    destroyFile(join(folder, "secret"));
    expect(readdirSync(folder)).toEqual(["same-bytes"]);
    expect(readFileSync(join(folder, "same-bytes"))).toEqual(Buffer.alloc(3));
  });

  test("is destroyed even if it is empty, and destroying nothing is nothing", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "sub"));
    createFile(join(folder, "empty"), []);
    destroyFile(join(folder, "empty"));
    destroyFile(join(folder, "empty"));
    destroyFile(join(folder, "nowhere", "file"));
    expect(readdirSync(folder)).toEqual(["sub"]);
  });

  test("that is superseded is overwritten once the new one is there", () => {
    const folder = temporaryFolder();
    createFile(join(folder, "lock"), [Buffer.from("old")]);
    linkSync(join(folder, "lock"), join(folder, "same-bytes"));
    supersedeFile(join(folder, "lock"), [Buffer.from("new")]);
    expect(readFileSync(join(folder, "lock"), "utf8")).toBe("new");
    expect(readFileSync(join(folder, "same-bytes"))).toEqual(Buffer.alloc(3));
    expect(readdirSync(folder).sort()).toEqual(["lock", "same-bytes"]);
  });
});

test("pieces keep bytes and lines whatever their lengths", () => {
  const text = `${"ž".repeat(700_000)}\n\nlast`;
  const bytes = Buffer.from(text);
  for (const pieceBytes of [1_000_003, 400_000, bytes.length]) {
    const pieces = [...inPieces([bytes.subarray(0, 5), new Uint8Array(0), bytes.subarray(5)], pieceBytes)];
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect(pieces.slice(0, -1).every((piece) => piece.length === pieceBytes)).toBe(true);
    expect([...linesOf(pieces)]).toEqual(text.split("\n"));
  }
  expect([...inPieces([], 4)]).toEqual([]);
});
