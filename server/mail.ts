/**
 * Brings announcements by e-mail through SMTP: that a result waits, and nothing else.
 * docs/spec/announcements.md, "Mail"; RFC 5321, RFC 5322.
 */
import { createTransport } from "nodemailer";
import type { Announcement } from "#engine/round/announcement.ts";
import type { Config } from "./config.ts";
import type { Courier } from "./deliveries.ts";
import { faultWord, type Outcome } from "./delivery-outcome.ts";

export type Mail = NonNullable<NonNullable<Config["announcements"]>["mail"]>;

/** For connection, greeting and each pause of the server. */
const SMTP_TIMEOUT_MS = 8_000;

/** @param password - Null if the server asks for none. */
export function makeMailCourier(mail: Mail, password: string | null): Courier {
  const { host, port, security, user } = mail.smtp;
  const transport = createTransport({
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls: { minVersion: "TLSv1.2" },
    ...(user === undefined || password === null ? {} : { auth: { user, pass: password } }),
    connectionTimeout: SMTP_TIMEOUT_MS,
    greetingTimeout: SMTP_TIMEOUT_MS,
    socketTimeout: SMTP_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    reaches: (party) => mail.to[party] !== undefined,
    bring: (announcement, signal) => {
      const to = mail.to[announcement.party];
      if (to === undefined) return Promise.resolve({ isTaken: false, status: "not-configured" });
      const sent: Promise<Outcome> = transport.sendMail(messageOf(announcement, mail.from, to)).then(
        ({ response }) => ({ isTaken: true, status: /^\d{3}/.exec(response)?.[0] ?? "taken" }),
        (error: unknown) => ({ isTaken: false, status: refusalWord(error) }),
      );
      // A server that answers a little at a time would hold the attempt for as long as it likes.
      return Promise.race([sent, timeUp(signal)]);
    },
  };
}

/** The same for each attempt, so that a repeat is the same message. */
function messageOf({ at, id, round }: Announcement, from: string, to: string) {
  return {
    from,
    to,
    subject: "Aquila: a result waits",
    messageId: `<${id}@${from.slice(from.lastIndexOf("@") + 1)}>`,
    date: new Date(at),
    headers: { "Auto-Submitted": "auto-generated" },
    xMailer: false,
    text: `A result waits in round ${round}.\n\nAnnouncement ${id}\n`,
  } as const;
}

function refusalWord(error: unknown): string {
  if (error instanceof Error && "responseCode" in error && typeof error.responseCode === "number")
    return String(error.responseCode);
  return faultWord(error);
}

function timeUp(signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = (): void => {
      resolve({ isTaken: false, status: "timeout" });
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
