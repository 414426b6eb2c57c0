/**
 * Search of a folder's files for secrets, as they are or as text.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Each secret by what it is, as bytes. */
export type Secrets = readonly (readonly [name: string, bytes: Buffer])[];

/** @returns Names of the secrets that a file below the folder holds, as bytes, base64url or hexadecimal. */
export function found(folder: string, secrets: Secrets): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
  const isHeld = (bytes: Buffer): boolean =>
    [bytes, Buffer.from(bytes.toString("base64url")), Buffer.from(bytes.toString("hex"))].some((form) =>
      files.some((file) => file.includes(form)),
    );
  return secrets.filter(([, bytes]) => isHeld(bytes)).map(([name]) => name);
}

/** @returns Every 97th stretch of 12 bytes of a batch: column halves, row numbers, handles. */
export function stretches(batch: Uint8Array): Buffer[] {
  const stretched: Buffer[] = [];
  for (let at = 512; at + 12 <= batch.length; at += 97) {
    const stretch = Buffer.from(batch.subarray(at, at + 12));
    if (new Set(stretch).size > 6) stretched.push(stretch);
  }
  return stretched;
}
