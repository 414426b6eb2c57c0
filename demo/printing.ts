/**
 * Plain text for a terminal of 100 columns.
 */

const WIDTH = 100;

/** Prints a title with a rule under it. */
export function printTitle(title: string): void {
  console.log(`\n${title}\n${"─".repeat(WIDTH)}`);
}

/** Prints a line with the seconds since the start. */
export function printLine(text: string): void {
  showStatus("");
  console.log(`${process.uptime().toFixed(1).padStart(5)} s  ${text}`);
}

/** Shows passing text on a terminal, and nothing elsewhere. */
export function showStatus(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`);
}

/** Prints text wrapped at 100 columns. */
export function printText(text: string): void {
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 1 > WIDTH) {
      console.log(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  if (line !== "") console.log(line);
}

/**
 * Prints rows in columns that are as wide as they must be: the first to the left, the others to the right.
 *
 * @param rows - The first one is the header.
 * @param leftColumns - Columns from the first on that are set to the left.
 */
export function printTable(rows: readonly (readonly string[])[], leftColumns = 1): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? "";
      return column < leftColumns ? cell.padEnd(width) : cell.padStart(width);
    });
    console.log(cells.join("  ").trimEnd());
  }
}

/** 1234567 → 1,234,567. */
export function wholeNumber(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** One digit behind the point. */
export function decimal(value: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

/** Bytes as MB of a million. */
export function megabytes(bytes: number): string {
  return `${decimal(bytes / 1e6)} MB`;
}

/** .874; a dash when nothing can be divided. */
export function share(part: number, whole: number): string {
  return whole === 0 ? "–" : (part / whole).toFixed(3);
}
