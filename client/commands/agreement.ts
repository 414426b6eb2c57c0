/**
 * `aquila agreement`: a party's signed consent to be linked with others, for one field of crime and a time.
 */
import { Option, type Command } from "commander";
import { z } from "zod";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { Agreement, Field } from "#engine/round/agreement.ts";
import type { Identity } from "#engine/round/identity.ts";
import { Moment, PartyId } from "#engine/round/ids.ts";
import { signStatement } from "#engine/round/statement.ts";
import { createFile } from "../durable-file.ts";
import { answer, jsonOption, unlockVault, vaultOption, type CommandIo } from "./command-io.ts";

type SignOptions = {
  readonly vault: string;
  readonly with: readonly string[];
  readonly field: string;
  readonly from: string;
  readonly until: string;
  readonly rowsPerYear: number;
  readonly out: string;
  readonly json: boolean;
};

/** What a party agrees to, with each of several others. */
const Terms = z.strictObject({
  with: z.array(PartyId).min(1),
  field: Field,
  from: Moment,
  until: Moment,
  "rows-per-year": Agreement.shape.rowsPerYear,
});

/** What each option takes. */
const EXPECTED: Readonly<Record<string, string>> = {
  with: "party ids of 2 to 8 letters A-Z, such as HR SI",
  field: "a code of a-z, 0-9 and -, at most 40, such as terrorism",
  from: "a time in UTC such as 2026-01-01T00:00:00Z",
  until: "a time in UTC such as 2027-01-01T00:00:00Z",
  "rows-per-year": "a whole number from 100 to 292,000,000,000",
};

/** The file that a party gives to whoever describes a round. */
export const AgreementFile = z.array(Agreement).min(1).max(31);

export function registerAgreement(program: Command, io: CommandIo): void {
  const agreement = program.command("agreement").description("agree to be linked with other parties; nothing else is");
  agreement
    .command("sign")
    .description("sign agreements with other parties; a pairing needs those of both sides")
    .addOption(vaultOption())
    .requiredOption("--with <parties...>", "party ids, such as HR SI")
    .addOption(new Option("--field <code>", "field of crime").default("terrorism"))
    .requiredOption("--from <time>", "valid from, such as 2026-01-01T00:00:00Z")
    .requiredOption("--until <time>", "valid until")
    .requiredOption(
      "--rows-per-year <count>",
      "most rows that each of them may test in 365 days; a list of 2,000 records takes 2,500 a round",
      Number,
    )
    .requiredOption("--out <file>", "the agreements; never overwritten")
    .addOption(jsonOption())
    .action(async (options: SignOptions) => {
      using vault = await unlockVault(io, options.vault);
      const agreements = sign(vault.identity, options);
      const known = vault.pinnedRoster()?.parties;
      const stranger = agreements.find(({ to }) => known?.every(({ id }) => id !== to) === true)?.to;
      if (stranger !== undefined) throw new LinkageError("request-invalid", `--with: ${stranger} is not in the roster`);
      createFile(options.out, [Buffer.concat([canonicalBytes(agreements), Buffer.from("\n")])]);
      const text = agreements
        .map(
          ({ from, to, field, rowsPerYear, validFrom, validUntil }) =>
            `${from} with ${to}: ${field}, at most ${rowsPerYear} rows of ${to} in 365 days, ${validFrom} to ${validUntil}`,
        )
        .join("\n");
      answer(io, options.json, agreements, text);
    });
}

function sign(identity: Identity, options: SignOptions): Agreement[] {
  const terms = Terms.safeParse({
    with: options.with,
    field: options.field,
    from: options.from,
    until: options.until,
    "rows-per-year": options.rowsPerYear,
  });
  if (!terms.success) {
    const issue = terms.error.issues[0];
    const name = String(issue?.path[0]);
    throw new LinkageError("request-invalid", `--${name}: not ${EXPECTED[name] ?? "as it must be"}`);
  }
  const { field, from: validFrom, until: validUntil, "rows-per-year": rowsPerYear } = terms.data;
  if (validFrom >= validUntil) throw new LinkageError("request-invalid", "--until: not later than --from");
  const { party: from } = identity;
  if (terms.data.with.includes(from)) throw new LinkageError("request-invalid", "--with: the party itself");
  return [...new Set(terms.data.with)]
    .sort()
    .map((to) => signStatement(identity, "agreement", { field, from, rowsPerYear, to, validFrom, validUntil }));
}
