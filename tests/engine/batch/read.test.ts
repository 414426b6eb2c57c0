/**
 * The reader of batches: vectors, and properties over random batches.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { handleOf, readBatch, viewBatch } from "#engine/batch/read.ts";
import { LinkageError, PROBLEM_CODES } from "#engine/errors.ts";
import { outcome } from "./outcome.ts";
import { randomBatch, type RandomBatch } from "./random-batch.ts";
import { loadBatchVectors } from "./vectors.ts";

const vectors = loadBatchVectors();
const { profile, good } = vectors;

function shared(bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(new SharedArrayBuffer(bytes.length));
  view.set(bytes);
  return view;
}

function atOffset8(bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(bytes.length + 16).subarray(8, 8 + bytes.length);
  view.set(bytes);
  return view;
}

describe("vectors", () => {
  const ways = { "own memory": (bytes: Uint8Array) => bytes, "shared memory": shared, "an offset of 8": atOffset8 };
  for (const [way, place] of Object.entries(ways)) {
    test.each(vectors.cases)(`in ${way}: $name → $expect`, ({ bytes, expected, expect: wanted }) => {
      expect(outcome(() => readBatch(place(bytes), profile, expected))).toBe(wanted);
    });
  }

  test("there is one for every refusal that a reader can give", () => {
    const elsewhere = ["batch-digest-mismatch", "batch-duplicate", "batch-missing"];
    const codes = PROBLEM_CODES.filter((code) => code.startsWith("batch-") && !elsewhere.includes(code));
    expect([...new Set(vectors.cases.map((vector) => vector.expect))].sort()).toEqual([...codes, "ok"].sort());
  });

  test("a refusal's detail names no value of the header and no key", () => {
    for (const { bytes, expected } of vectors.cases) {
      try {
        readBatch(bytes, profile, expected);
      } catch (error) {
        if (!(error instanceof LinkageError)) throw error;
        expect(error.cause).toBeUndefined();
        for (const value of [expected.t1, expected.keyId, expected.profile, "2026-", '"AT"', "HR"])
          expect(error.message).not.toContain(value);
      }
    }
  });
});

describe("the good batch", () => {
  test("is read and viewed alike", () => {
    const batch = readBatch(good, profile, vectors.expected);
    expect(viewBatch(good, profile)).toEqual(batch);
    expect(batch.header).toEqual(vectors.header);
    expect(batch.columns.map((column) => column.row.length)).toEqual([100, 200, 300]);
    expect(batch.columns.map((column) => [column.upper[0], column.lower[0]])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(batch.columns.map((column) => [column.upper.at(-1), column.lower.at(-1)])).toEqual(
      Array.from({ length: 3 }, () => [0xffffffff, 0xffffffff]),
    );
  });

  test("is not copied: the arrays are views on its bytes", () => {
    const batch = readBatch(good, profile, vectors.expected);
    const parts = [
      batch.handles,
      batch.classes,
      ...batch.columns.flatMap(({ upper, lower, row }) => [upper, lower, row]),
    ];
    expect(parts.every((part) => part.buffer === good.buffer)).toBe(true);
  });

  test("must start at a multiple of 8", () => {
    const odd = new Uint8Array(good.length + 4).subarray(4);
    odd.set(good);
    expect(() => readBatch(odd, profile, vectors.expected)).toThrow(RangeError);
  });

  test("a handle is 16 bytes of its row, base64url", () => {
    const batch = readBatch(good, profile, vectors.expected);
    expect(Buffer.from(handleOf(batch, 99), "base64url")).toEqual(Buffer.from(batch.handles.slice(99 * 16)));
    expect(handleOf(batch, 0)).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(() => handleOf(batch, 100)).toThrow(RangeError);
    expect(() => handleOf(batch, -1)).toThrow(RangeError);
  });

  test("cut at any length is truncated", () => {
    for (let length = 0; length < good.length; length++)
      expect(outcome(() => readBatch(good.slice(0, length), profile, vectors.expected))).toBe("batch-truncated");
  });

  test("with any one bit of its header or padding flipped is refused", () => {
    const headerEnd = good.length - 17 * 100 - 4 - 12 * 600;
    for (let bit = 0; bit < 8 * headerEnd; bit++) {
      const changed = good.slice();
      changed[bit >>> 3] = (changed[bit >>> 3] as number) ^ (1 << (bit & 7));
      const found = outcome(() => readBatch(changed, profile, vectors.expected));
      // The provenance root is the one member that nothing is held against: another root is another good batch.
      if (found === "ok") {
        const { header } = readBatch(changed, profile, vectors.expected);
        expect({ ...header, provenanceRoot: vectors.header.provenanceRoot }).toEqual(vectors.header);
        expect(header.provenanceRoot).not.toBe(vectors.header.provenanceRoot);
      }
    }
  });
});

describe("random batches", () => {
  const anyBatch = randomBatch(profile);

  test("what was written is what is read", () => {
    fc.assert(
      fc.property(anyBatch, (written) => {
        const batch = readBatch(written.bytes, written.profile, written.expected);
        expect(batch.header).toEqual(written.header);
        expect(batch.rowCount).toBe(written.header.rowCount);
        expect(batch.handles).toEqual(written.handles);
        expect(batch.classes).toEqual(written.classes);
        expect(batch.columns).toEqual(written.columns);
      }),
      { numRuns: 60 },
    );
  });

  test("two swapped cells are refused, wherever they stand", () => {
    fc.assert(
      fc.property(anyBatch, fc.nat(), fc.nat(), fc.nat(), (written, rule, one, other) => {
        const { bytes, columns } = viewOfCopy(written);
        const column = columns[rule % columns.length];
        if (column === undefined) throw new RangeError("no column");
        const [a, b] = [one % column.row.length, other % column.row.length];
        fc.pre(a !== b);
        for (const part of [column.upper, column.lower, column.row]) swap(part, a, b);
        expect(outcome(() => readBatch(bytes, written.profile, written.expected))).toBe("batch-column-order");
      }),
      { numRuns: 60 },
    );
  });

  test("a column is accepted exactly when the plain definition accepts it", () => {
    fc.assert(
      fc.property(anyBatch, fc.nat(), fc.nat(), fc.nat(), (written, rule, cell, value) => {
        const { bytes, columns } = viewOfCopy(written);
        const column = columns[rule % columns.length];
        if (column === undefined) throw new RangeError("no column");
        const part = [column.upper, column.lower, column.row][value % 3] ?? column.row;
        part[cell % part.length] = part === column.row ? value % (written.header.rowCount + 2) : value * 4;
        expect(outcome(() => readBatch(bytes, written.profile, written.expected))).toBe(plainVerdict(bytes, written));
      }),
      { numRuns: 150 },
    );
  });

  test("any byte changed anywhere gives a batch or a refusal, never another error", () => {
    fc.assert(
      fc.property(anyBatch, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, at, change) => {
        const bytes = written.bytes.slice();
        bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ change;
        expect(outcome(() => readBatch(bytes, written.profile, written.expected))).toMatch(/^ok$|^batch-/);
      }),
      { numRuns: 150 },
    );
  });

  test("any bytes at all give a refusal", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (tail, withMagic) => {
        const bytes = withMagic ? new Uint8Array(Buffer.concat([good.slice(0, 8), tail])) : tail.slice();
        expect(outcome(() => readBatch(bytes, profile, vectors.expected))).toMatch(/^batch-(malformed|truncated)$/);
      }),
    );
  });
});

function viewOfCopy(written: RandomBatch): Pick<ReturnType<typeof viewBatch>, "columns"> & { bytes: Uint8Array } {
  const bytes = written.bytes.slice();
  return { bytes, columns: viewBatch(bytes, written.profile).columns };
}

function swap(values: Uint32Array, one: number, other: number): void {
  const held = values[one] as number;
  values[one] = values[other] as number;
  values[other] = held;
}

/** The column rules of docs/spec/batch.md, word by word and slowly. */
function plainVerdict(bytes: Uint8Array, { profile: used, header }: RandomBatch): string {
  const { columns } = viewBatch(bytes, used);
  for (const [index, { upper, lower, row }] of columns.entries()) {
    const keys = Array.from(upper, (half, cell) => (BigInt(half) << 32n) | BigInt(lower[cell] as number));
    if (keys.some((key, cell) => cell > 0 && key <= (keys[cell - 1] as bigint))) return "batch-column-order";
    if (row.some((held) => held >= header.rowCount)) return "batch-row-range";
    const slots = used.rules[index]?.slots;
    for (let at = 0; at < header.rowCount; at++)
      if (row.filter((held) => held === at).length !== slots) return "batch-row-count";
  }
  return "ok";
}
