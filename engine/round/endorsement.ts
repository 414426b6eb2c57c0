/**
 * What a party can verify of others' consent before it does its own part: two operators' approval of an act, and its
 * counterparts' seals. Ed25519 (RFC 8032); docs/spec/round.md, "Two operators".
 */
import { LinkageError } from "../errors.ts";
import type { Approval, Seal } from "./acts.ts";
import { NEEDED_OPERATORS, partyOf, type Roster } from "./roster.ts";
import { isSignedBy } from "./statement.ts";

/**
 * @param approvals - Of any acts, as the server shows them.
 * @param wanted - Act, round, T0 and T2 that the approvals must be for.
 * @throws {@link LinkageError} `statement-signature` unless two different operators of the roster signed just that.
 */
export function requireApproved(
  roster: Roster,
  approvals: readonly Approval[],
  wanted: Pick<Approval, "act" | "round" | "t0" | "t2">,
): void {
  const { act, round, t0, t2 } = wanted;
  const signers = roster.operators.filter(({ id, signKey }) =>
    approvals.some(
      ({ act: shown, operator, signature }) =>
        shown === act &&
        operator === id &&
        isSignedBy(signKey, "approval", { act, operator, round, t0, t2, signature }),
    ),
  );
  if (signers.length < NEEDED_OPERATORS)
    throw new LinkageError(
      "statement-signature",
      `${signers.length} of ${NEEDED_OPERATORS} operators have signed to ${act} round ${round} as it is shown here`,
    );
}

/**
 * @param parties - Whose seals there must be.
 * @throws {@link LinkageError} `statement-signature` naming who did not sign this T2.
 */
export function requireSealed(
  roster: Roster,
  seals: readonly Seal[],
  parties: readonly string[],
  { round, t2 }: Pick<Seal, "round" | "t2">,
): void {
  const missing = parties.filter(
    (party) =>
      !seals.some(
        (seal) =>
          seal.party === party &&
          isSignedBy(partyOf(roster, party).signKey, "seal", { party, round, t2, signature: seal.signature }),
      ),
  );
  if (missing.length > 0)
    throw new LinkageError("statement-signature", `${missing.join(", ")} did not sign the T2 that this party signed`);
}
