/**
 * The server's configuration: one JSON file, read once and frozen. docs/spec/api.md, "Running the server"
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, relative, resolve, sep } from "node:path";
import { isIPv4 } from "node:net";
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import { parseProfile, type Profile } from "#engine/profile.ts";
import { MAX_DECLARED_RECORDS } from "#engine/round/descriptor.ts";
import { PartyId } from "#engine/round/ids.ts";
import { Roster } from "#engine/round/roster.ts";

export const DEFAULT_CONFIG_PATH = "aquila.config.json";
const MAX_WORKERS = 64;

const Path = z.string().min(1).max(4_096);
/** No part of it is a secret, and all of it is signed. */
const WebhookUrl = z
  .string()
  .max(2_048)
  .refine(isWebhookUrl, "must be https, or http to loopback, in its normal form, without user, query or fragment");
const Announcements = z.strictObject({
  webhooks: z.record(PartyId, z.strictObject({ url: WebhookUrl })).default({}),
  mail: z
    .strictObject({
      smtp: z
        .strictObject({
          host: z.string().min(1).max(253),
          port: z.int().min(1).max(65_535),
          security: z.enum(["tls", "starttls", "none"]),
          user: z.string().min(1).max(254).optional(),
          passwordFile: Path.optional(),
        })
        .refine(({ host, security }) => security !== "none" || isLoopback(host), {
          path: ["security"],
          message: "none is for loopback only",
        })
        .refine(({ user, passwordFile }) => (user === undefined) === (passwordFile === undefined), {
          path: ["passwordFile"],
          message: "goes with user",
        }),
      from: z.email().max(254),
      to: z.record(PartyId, z.email().max(254)),
    })
    .optional(),
});
const Host = z.string().min(1).max(253);
/** 0 takes any free port. */
const Port = z.int().min(0).max(65_535);

export const Config = z
  .strictObject({
    host: Host.default("127.0.0.1"),
    port: Port.default(8_443),
    /** Database and encrypted files. */
    dataDir: Path,
    /** Made on first start, with the folder of data keys beside it; outside `dataDir`, and to be kept out of backups. */
    serverKeyFile: Path,
    rosterFile: Path,
    workers: z.int().min(1).max(MAX_WORKERS).default(Math.min(availableParallelism(), MAX_WORKERS)),
    /** The shipped profile when left out. */
    profileFile: Path.optional(),
    /** Largest list that a party may declare. */
    maxRecords: z.int().min(1).max(MAX_DECLARED_RECORDS).default(MAX_DECLARED_RECORDS),
    /** Least time between two rounds of the same pairing for the same field of crime. */
    leastHoursBetweenRounds: z.int().min(0).max(8_784).default(24),
    /** For each signer; twenty times as many for each address. */
    requestsPerMinute: z.int().min(1).max(1_000_000).default(6_000),
    /** With `clientCaFile` only clients with a certificate of that authority are let in. */
    tls: z.strictObject({ certFile: Path, keyFile: Path, clientCaFile: Path.optional() }).optional(),
    /** By which ways a party is told that a result waits, beside the stream of events. */
    announcements: Announcements.optional(),
    /** Where /metrics is served instead of the API's address. */
    metrics: z.strictObject({ host: Host, port: Port }).optional(),
  })
  .refine(({ metrics, tls }) => tls !== undefined || metrics === undefined || isLoopback(metrics.host), {
    path: ["tls"],
    message: "is required to serve metrics beyond loopback",
  })
  .refine(({ host, tls }) => tls !== undefined || isLoopback(host), {
    path: ["tls"],
    message: "is required to listen beyond loopback",
  });
export type Config = z.infer<typeof Config>;

/**
 * @param path - JSON file; paths in it are relative to its folder.
 * @throws {@link LinkageError} `file-unreadable` saying which file or member is wrong.
 */
export function readConfig(path: string): Readonly<Config> {
  const config = parsed(Config, path, readJson(path));
  const absolute = (file: string): string => resolve(dirname(path), file);
  if (isWithin(absolute(config.serverKeyFile), absolute(config.dataDir)))
    throw new LinkageError("file-unreadable", `${path}: serverKeyFile: must lie outside dataDir`);
  return Object.freeze({
    ...config,
    dataDir: absolute(config.dataDir),
    serverKeyFile: absolute(config.serverKeyFile),
    rosterFile: absolute(config.rosterFile),
    ...(config.profileFile === undefined ? {} : { profileFile: absolute(config.profileFile) }),
    ...(config.announcements === undefined ? {} : { announcements: absoluteMail(config.announcements, absolute) }),
    ...(config.tls === undefined ? {} : { tls: absoluteTls(config.tls, absolute) }),
  });
}

function absoluteTls(
  { certFile, keyFile, clientCaFile }: NonNullable<Config["tls"]>,
  absolute: (file: string) => string,
): Config["tls"] {
  const own = { certFile: absolute(certFile), keyFile: absolute(keyFile) };
  return clientCaFile === undefined ? own : { ...own, clientCaFile: absolute(clientCaFile) };
}

function absoluteMail(
  { mail, ...others }: NonNullable<Config["announcements"]>,
  absolute: (file: string) => string,
): Config["announcements"] {
  if (mail?.smtp.passwordFile === undefined) return mail === undefined ? others : { ...others, mail };
  const smtp = { ...mail.smtp, passwordFile: absolute(mail.smtp.passwordFile) };
  return { ...others, mail: { ...mail, smtp } };
}

/** @throws {@link LinkageError} `file-unreadable`. */
export function readRoster(path: string): Roster {
  return parsed(Roster, path, readJson(path));
}

/** @throws {@link LinkageError} `file-unreadable`, `profile-invalid`. */
export function readProfile(path: string): Profile {
  return parseProfile(readJson(path));
}

/** @throws {@link LinkageError} `file-unreadable`. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new LinkageError("file-unreadable", `${path} cannot be read`, { cause: error });
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readText(path)) as unknown;
  } catch (error) {
    if (error instanceof LinkageError) throw error;
    throw new LinkageError("file-unreadable", `${path} is not JSON`, { cause: error });
  }
}

function parsed<Shape extends z.ZodType>(shape: Shape, path: string, value: unknown): z.output<Shape> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new LinkageError("file-unreadable", `${path}: ${faults.join("; ")}`);
}

function isWithin(file: string, folder: string): boolean {
  return !relative(folder, dirname(file)).split(sep).includes("..");
}

function isWebhookUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url?.href !== text || url.username !== "" || url.search !== "" || url.hash !== "") return false;
  if (url.password !== "" || /[?#]/.test(text)) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname.replace(/^\[|\]$/g, "")));
}

/** @returns Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
