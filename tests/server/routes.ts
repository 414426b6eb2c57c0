/**
 * Every route under /v1 and who may use it: docs/spec/api.md's table, as the tests hold it.
 */

/** `self`: the party that the path names; `staff`: operators and officers; `all`: those and the round's parties. */
export type Who = "all" | "self" | "party" | "operator" | "officer" | "staff" | "self or staff";

export const ROUTES: readonly (readonly [method: string, path: string, who: Who])[] = [
  ["DELETE", "/v1/rounds/:round/batches/:from/:to", "self"],
  ["GET", "/v1/audit/consistency", "all"],
  ["GET", "/v1/audit/head", "all"],
  ["GET", "/v1/audit/inclusion", "all"],
  ["GET", "/v1/audit/leaves", "officer"],
  ["GET", "/v1/roster", "all"],
  ["GET", "/v1/rounds", "all"],
  ["GET", "/v1/rounds/:round", "all"],
  ["GET", "/v1/rounds/:round/answers/:from/:to", "self"],
  ["GET", "/v1/rounds/:round/batches/:from/:to", "self or staff"],
  ["GET", "/v1/rounds/:round/certificate", "all"],
  ["GET", "/v1/rounds/:round/follow-up", "staff"],
  ["GET", "/v1/rounds/:round/log", "officer"],
  ["GET", "/v1/rounds/:round/packages/:party", "self"],
  ["GET", "/v1/rounds/:round/packages/:party/keys", "self"],
  ["GET", "/v1/rounds/:round/progress", "all"],
  ["GET", "/v1/rounds/:round/progress/events", "all"],
  ["GET", "/v1/rounds/:round/reports", "officer"],
  ["GET", "/v1/rounds/:round/statuses/:party", "self"],
  ["GET", "/v1/statistics", "all"],
  ["POST", "/v1/rounds", "operator"],
  ["POST", "/v1/rounds/:round/abort", "operator"],
  ["POST", "/v1/rounds/:round/cancel", "operator"],
  ["POST", "/v1/rounds/:round/close", "operator"],
  ["POST", "/v1/rounds/:round/disputes", "party"],
  ["POST", "/v1/rounds/:round/match", "operator"],
  ["PUT", "/v1/audit/cosignatures/:party", "self"],
  ["PUT", "/v1/rounds/:round/acknowledgements/:party", "self"],
  ["PUT", "/v1/rounds/:round/answers/:from/:to", "self"],
  ["PUT", "/v1/rounds/:round/approvals/:act/:operator", "operator"],
  ["PUT", "/v1/rounds/:round/batches/:from/:to/chunks/:index", "self"],
  ["PUT", "/v1/rounds/:round/batches/:from/:to/manifest", "self"],
  ["PUT", "/v1/rounds/:round/confirmations/:from/:to", "self"],
  ["PUT", "/v1/rounds/:round/holds/:officer", "officer"],
  ["PUT", "/v1/rounds/:round/keys/:party", "self"],
  ["PUT", "/v1/rounds/:round/reports/:party", "self"],
  ["PUT", "/v1/rounds/:round/seals/:party", "self"],
  ["PUT", "/v1/rounds/:round/statistics/:party", "self"],
  ["PUT", "/v1/rounds/:round/statuses/:party", "self"],
  ["PUT", "/v1/rounds/:round/withdrawals/:party", "self"],
];
