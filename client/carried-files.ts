/**
 * What the two vaults of a party keep of a round that is carried between them; docs/spec/bundle.md.
 *
 *   bundles.json                 which of the two this is, bundles made and taken
 *   package-keys.json            package keys as the server gave them, each still sealed
 *   HR.their-answers.box         HR's answers as they came
 *   statuses.json                what both sides said of hits, as last fetched
 *   reports.json                 what the vault inside found wrong, to be sent
 */
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import { PackageKeys, ReportList, StatusList } from "#engine/round/messages.ts";
import { pairingFile } from "./pairing-file.ts";
import { checkedRound, RoundFiles } from "./round-files.ts";

const Count = z.int().min(0).max(1_000_000);

/** `inside` has the list, `outside` the network. */
const Carriage = z.strictObject({ side: z.enum(["inside", "outside"]), made: Count, taken: Count });
export type Carriage = z.infer<typeof Carriage>;

export class CarriedFiles extends RoundFiles {
  /** @returns Null when the round is not carried. */
  carriage(round: string): Carriage | null {
    return this.files.readJson(checkedRound(round), "bundles.json", Carriage);
  }

  keepCarriage(round: string, carriage: Carriage): void {
    this.files.writeJson(checkedRound(round), "bundles.json", carriage);
  }

  /** @throws {@link LinkageError} `round-state` if the round is carried: then each vault does its own half. */
  requireOneVault(round: string): void {
    const side = this.carriage(round)?.side;
    if (side !== undefined)
      throw new LinkageError(
        "round-state",
        `round ${round} is carried between two vaults and this is the one ${side}; docs/cli.md, "On two machines"`,
      );
  }

  /** Destroys K_tag and K_proof of every pairing; batches and answers stay. */
  destroyPairingKeys(round: string): void {
    for (const name of ["tag-keys.json", "proof-keys.json"] as const) this.files.destroy(checkedRound(round), name);
  }

  /** @returns As last fetched; none before. */
  packageKeys(round: string): PackageKeys {
    return this.files.readJson(checkedRound(round), "package-keys.json", PackageKeys) ?? [];
  }

  keepPackageKeys(round: string, keys: PackageKeys): void {
    this.files.writeJson(checkedRound(round), "package-keys.json", keys);
  }

  /** @returns As last fetched; none before. */
  statuses(round: string): StatusList {
    return this.files.readJson(checkedRound(round), "statuses.json", StatusList) ?? [];
  }

  keepStatuses(round: string, statuses: StatusList): void {
    this.files.writeJson(checkedRound(round), "statuses.json", statuses);
  }

  /** @returns What the vault inside found wrong; none before. */
  reports(round: string): ReportList {
    return this.files.readJson(checkedRound(round), "reports.json", ReportList) ?? [];
  }

  keepReports(round: string, reports: ReportList): void {
    this.files.writeJson(checkedRound(round), "reports.json", reports);
  }

  /** @returns What `counterpart` answered, still sealed; null before. */
  theirAnswersBox(round: string, counterpart: string): Uint8Array | null {
    return this.readBytes(round, pairingFile(counterpart, "their-answers.box"));
  }

  keepTheirAnswersBox(round: string, counterpart: string, sealed: Uint8Array): void {
    this.writePart(round, pairingFile(counterpart, "their-answers.box"), [sealed]);
  }

  /** Whether a batch for `counterpart` is here, of this vault's making or of the other's. */
  holdsBatch(round: string, counterpart: string): boolean {
    return this.holdsPart(round, pairingFile(counterpart, "batch"));
  }

  /** Parts are long files that a bundle carries; its shape checks their names. */
  holdsPart(round: string, name: string): boolean {
    return this.files.has(checkedRound(round), name);
  }

  /** Bytes of the content. */
  partLength(round: string, name: string): number {
    return this.files.byteLength(checkedRound(round), name);
  }

  readPart(round: string, name: string): Generator<Uint8Array> {
    return this.files.readPieces(checkedRound(round), name);
  }

  writePart(round: string, name: string, pieces: Iterable<Uint8Array>): void {
    this.files.writePieces(checkedRound(round), name, pieces);
  }
}
