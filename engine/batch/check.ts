/**
 * Validation of a batch in one pass over its bytes, in memory that does not grow with its columns.
 * In: the bytes in order, piece by piece. Out: the header, or the first refusal of docs/spec/batch.md, "Decoders MUST".
 */
import { LinkageError, type ProblemCode } from "../errors.ts";
import { MIN_CLASS_ROWS, type Profile } from "../profile.ts";
import { readHeader, type BatchHeader } from "./header.ts";
import { batchLayout, requireLittleEndian, type BatchLayout, type ColumnLayout } from "./layout.ts";

/** What a batch must be for. */
export type ExpectedBatch = {
  readonly round: string;
  readonly t1: string;
  readonly from: string;
  readonly to: string;
  /** The profile's digest. */
  readonly profile: string;
  readonly keyId: string;
  /** Size class of the size declared for the round. */
  readonly rowCount: number;
};

/** @returns Where the batch that is expected has its parts, whatever its provenance root. */
export function expectedLayout(profile: Profile, expected: ExpectedBatch): BatchLayout {
  return batchLayout(profile, { format: "aquila/batch/v1", ...expected, provenanceRoot: "A".repeat(43) });
}

/** A validation under way. */
export type BatchCheck = {
  /**
   * Takes the bytes that follow those before.
   *
   * @param piece - A multiple of 8 bytes, but for the last; starts at a multiple of 8 in its buffer. The first holds the
   *   whole header.
   * @throws {@link LinkageError} with the first code that applies.
   */
  readonly feed: (piece: Uint8Array) => void;
  /** @throws {@link LinkageError} `batch-truncated` if bytes are missing. */
  readonly finish: () => { readonly header: BatchHeader; readonly layout: BatchLayout };
};

/** Bytes from `start` up to `end` of the batch, and what is done with each piece of them. */
type Section = {
  readonly start: number;
  readonly end: number;
  readonly take: (piece: Uint8Array, at: number) => void;
  readonly close?: () => void;
};

/**
 * @param profile - The profile whose digest is `expected.profile`.
 * @param byteLength - Of the whole batch.
 */
export function checkBatch(profile: Profile, expected: ExpectedBatch, byteLength: number): BatchCheck {
  requireLittleEndian();
  let opened: { header: BatchHeader; layout: BatchLayout; sections: readonly Section[] } | undefined;
  let fed = 0;
  let section = 0;
  const open = (first: Uint8Array): NonNullable<typeof opened> => {
    const { header } = readHeader(first);
    checkHeader(header, expected);
    const layout = batchLayout(profile, header);
    if (byteLength < layout.byteLength)
      throw new LinkageError("batch-truncated", `${byteLength} bytes of ${layout.byteLength}`);
    if (byteLength > layout.byteLength)
      throw new LinkageError("batch-malformed", `${byteLength - layout.byteLength} bytes after the last column`);
    return { header, layout, sections: sectionsOf(profile, layout) };
  };
  return {
    feed: (piece) => {
      if (piece.byteOffset % 8 !== 0) throw new RangeError("a batch must start at a multiple of 8 in its buffer");
      opened ??= open(piece);
      const { sections } = opened;
      const end = fed + piece.length;
      for (let current = sections[section]; current !== undefined && current.start < end;) {
        const from = Math.max(current.start, fed);
        const to = Math.min(current.end, end);
        current.take(piece.subarray(from - fed, to - fed), from - current.start);
        if (to < current.end) break;
        current.close?.();
        current = sections[++section];
      }
      fed = end;
    },
    finish: () => {
      if (opened === undefined || fed !== byteLength)
        throw new LinkageError("batch-truncated", `${fed} bytes of ${byteLength}`);
      return { header: opened.header, layout: opened.layout };
    },
  };
}

function checkHeader(header: BatchHeader, expected: ExpectedBatch): void {
  const checks: readonly [
    code: ProblemCode,
    members: readonly ("round" | "t1" | "from" | "to" | "profile" | "keyId")[],
  ][] = [
    ["batch-round-mismatch", ["round", "t1"]],
    ["batch-pairing-mismatch", ["from", "to"]],
    ["batch-profile-mismatch", ["profile"]],
    ["batch-key-mismatch", ["keyId"]],
  ];
  for (const [code, members] of checks) {
    const other = members.find((member) => header[member] !== expected[member]);
    if (other !== undefined) throw new LinkageError(code, `the header's ${other} is not the one expected`);
  }
  if (header.rowCount > expected.rowCount)
    throw new LinkageError("batch-too-large", `${header.rowCount} rows; ${expected.rowCount} were declared`);
  if (header.rowCount !== expected.rowCount)
    throw new LinkageError("batch-size-class", `${header.rowCount} rows; the size class is ${expected.rowCount}`);
}

function sectionsOf(profile: Profile, layout: BatchLayout): Section[] {
  const columns = layout.columns.flatMap((column) => {
    const rule = profile.rules[column.rule];
    if (rule === undefined) throw new RangeError("checkBatch: a column without a rule");
    return columnSections(column, layout.rowCount, rule.slots, rule.id);
  });
  return [...classSections(profile, layout), ...columns];
}

function classSections(profile: Profile, { rowCount, classesAt, columns }: BatchLayout): Section[] {
  const rowsOfClass = new Uint32Array(256);
  const classesEnd = classesAt + rowCount;
  const columnsAt = columns[0]?.upperAt ?? classesEnd;
  const count = (piece: Uint8Array): void => {
    for (const coverage of piece) rowsOfClass[coverage] = (rowsOfClass[coverage] as number) + 1;
  };
  const judge = (): void => {
    const unknown = rowsOfClass.findIndex((rows, coverage) => rows > 0 && coverage >= profile.coverageClasses.length);
    if (unknown !== -1) throw new LinkageError("batch-malformed", `class ${unknown} is not in the profile`);
    const thin = rowsOfClass.findIndex((rows) => rows > 0 && rows < MIN_CLASS_ROWS);
    if (thin !== -1)
      throw new LinkageError(
        "batch-class-thin",
        `class ${thin} has ${rowsOfClass[thin] as number} rows of ${MIN_CLASS_ROWS}`,
      );
  };
  const padding = (piece: Uint8Array): void => {
    if (piece.some((byte) => byte !== 0))
      throw new LinkageError("batch-malformed", "the padding after the classes is not zero");
  };
  if (columnsAt === classesEnd) return [{ start: classesAt, end: classesEnd, take: count, close: judge }];
  return [
    { start: classesAt, end: classesEnd, take: count },
    { start: classesEnd, end: columnsAt, take: padding, close: judge },
  ];
}

function columnSections(
  { cells, upperAt, lowerAt, rowAt }: ColumnLayout,
  rowCount: number,
  slots: number,
  ruleId: string,
): Section[] {
  // A bit for each cell: its upper half equals that of the cell before it, so that the lower halves decide.
  let ties = new Uint8Array();
  let unordered = Infinity;
  let lastUpper = -1;
  const upper = (piece: Uint8Array, at: number): void => {
    if (at === 0) ties = new Uint8Array(Math.ceil(cells / 8));
    const words = wordsOf(piece);
    let previous = lastUpper;
    for (let index = 0; index < words.length; index++) {
      const key = words[index] as number;
      if (key <= previous) {
        const cell = at / 4 + index;
        if (key < previous) unordered = Math.min(unordered, cell);
        else ties[Math.floor(cell / 8)] = (ties[Math.floor(cell / 8)] as number) | (1 << (cell % 8));
      }
      previous = key;
    }
    lastUpper = previous;
  };
  let lastLower = 0;
  const lower = (piece: Uint8Array, at: number): void => {
    const words = wordsOf(piece);
    const first = at / 4;
    const end = first + words.length;
    // Eight cells at a time: ties are rare.
    for (let eight = Math.floor(first / 8); eight * 8 < end; eight++) {
      const tied = ties[eight] as number;
      if (tied === 0) continue;
      for (let cell = Math.max(first, eight * 8); cell < Math.min(end, eight * 8 + 8); cell++) {
        if (((tied >>> (cell - eight * 8)) & 1) === 0) continue;
        const before = cell === first ? lastLower : (words[cell - first - 1] as number);
        if ((words[cell - first] as number) <= before) unordered = Math.min(unordered, cell);
      }
    }
    lastLower = words.at(-1) ?? lastLower;
  };
  const requireOrder = (): void => {
    ties = new Uint8Array();
    if (unordered !== Infinity)
      throw new LinkageError(
        "batch-column-order",
        `rule ${ruleId}: cell ${unordered} is not larger than the one before`,
      );
  };

  // A count may wrap at 256 and still prove the rule: with rowCount·slots cells in all, counts that are all `slots`
  // modulo 256 can only all be `slots`.
  let held = new Uint8Array();
  const rows = (piece: Uint8Array, at: number): void => {
    if (at === 0) held = new Uint8Array(rowCount);
    const words = wordsOf(piece);
    for (let index = 0; index < words.length; index++) {
      const row = words[index] as number;
      if (row >= rowCount)
        throw new LinkageError("batch-row-range", `rule ${ruleId}: cell ${at / 4 + index} names no row`);
      held[row] = (held[row] as number) + 1;
    }
  };
  const requireCounts = (): void => {
    let wrong = 0;
    for (let row = 0; row < held.length; row++) wrong += Number(held[row] !== slots);
    held = new Uint8Array();
    if (wrong > 0)
      throw new LinkageError("batch-row-count", `rule ${ruleId}: ${wrong} rows are not held exactly ${slots} times`);
  };
  const end = rowAt + 4 * cells;
  return [
    { start: upperAt, end: lowerAt, take: upper },
    { start: lowerAt, end: rowAt, take: lower, close: requireOrder },
    { start: rowAt, end, take: rows, close: requireCounts },
  ];
}

function wordsOf(piece: Uint8Array): Uint32Array {
  return new Uint32Array(piece.buffer, piece.byteOffset, piece.length >>> 2);
}
