/**
 * Certificates for tests, made by openssl; files NAME.pem and NAME.key of a folder.
 */
import { execFileSync, spawnSync } from "node:child_process";

export const HAS_OPENSSL = spawnSync("openssl", ["version"]).status === 0;
if (!HAS_OPENSSL) console.log("skipped: openssl, which makes the certificates, is not installed");

/** Signs itself, for 127.0.0.1. */
export function makeAuthority(folder: string, name: string): void {
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  openssl(folder, ["req", "-x509", ...newKey(name), "-out", `${name}.pem`, ...names]);
}

/** Signed by an authority of {@link makeAuthority}. */
export function makeClient(folder: string, name: string, authority: string): void {
  openssl(folder, ["req", ...newKey(name), "-out", `${name}.csr`, "-subj", `/CN=${name}`]);
  const signing = ["-CA", `${authority}.pem`, "-CAkey", `${authority}.key`, "-CAcreateserial"];
  openssl(folder, ["x509", "-req", "-in", `${name}.csr`, ...signing, "-out", `${name}.pem`]);
}

function newKey(name: string): string[] {
  return ["-newkey", "ed25519", "-nodes", "-keyout", `${name}.key`];
}

function openssl(folder: string, given: readonly string[]): void {
  execFileSync("openssl", given, { cwd: folder, stdio: "pipe" });
}
