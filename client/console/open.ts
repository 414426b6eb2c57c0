/**
 * The analyst console, put together: the vault's hits and rounds, the list beside them, and a server on loopback for the pages.
 */
import type { AddressInfo } from "node:net";
import { LinkageError } from "#engine/errors.ts";
import type { Profile } from "#engine/profile.ts";
import { markHits } from "../hit-history.ts";
import type { Connection } from "../http.ts";
import type { ListFile } from "../list-file.ts";
import type { Vault } from "../vault.ts";
import { ALERT_PAUSES, Alerts } from "./alerts.ts";
import { buildConsoleApp, type Desk } from "./app.ts";
import type { SendAlert } from "./case-system.ts";
import { EventFeed } from "./event-feed.ts";
import { Follower, type Pace } from "./follower.ts";
import { HitBoard } from "./hit-board.ts";
import { hitViewOf } from "./hit-view.ts";
import { OwnList } from "./own-list.ts";
import { RoundWalks } from "./round-walks.ts";
import { Sessions } from "./session.ts";
import { standingOf } from "./standing.ts";
import type { ConsoleView, HitList, HitRow, RoundStanding } from "./shapes.ts";

export type ConsoleOptions = {
  /** Left open by {@link OpenConsole.close}. */
  readonly vault: Vault;
  readonly profile: Profile;
  /** Null: inside, without a network. */
  readonly server: { readonly url: string; readonly connection: Connection } | null;
  /** Null if none was named. */
  readonly list: ListFile | null;
  /** Null if none was named. */
  readonly caseSystem: SendAlert | null;
  /** Folder of the built pages. */
  readonly pages: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly pace: Pace;
  readonly now: () => Date;
};

export type OpenConsole = {
  /** Origin of the console. */
  readonly url: string;
  /** @returns An address that opens one session. */
  readonly freshAddress: () => string;
  readonly close: () => Promise<void>;
};

/** Listens, and follows the party's rounds until it is closed. */
export async function openConsole(options: ConsoleOptions): Promise<OpenConsole> {
  const { vault, profile, server, now, port, pages } = options;
  const connection = server?.connection ?? null;
  const feed = new EventFeed();
  const sessions = new Sessions(now);
  const board = new HitBoard(vault, profile, now);
  const list = new OwnList(options.list, (coverage) => {
    feed.publish("coverage", coverage);
  });
  const alerts = options.caseSystem && new Alerts(vault, options.caseSystem, ALERT_PAUSES);
  const onRound = (round: string): void => {
    let standing: RoundStanding | null;
    try {
      standing = standingIn(round);
    } catch {
      // A vault that cannot be read: whoever asks for the rounds is told so, and those who tell of one go on.
      return;
    }
    if (standing !== null) feed.publish("round", standing);
  };
  const onHits = (hits: HitList): void => {
    feed.publishHits(hits);
    alerts?.take(hits);
    for (const round of new Set(hits.map((hit) => hit.round))) onRound(round);
  };
  const walks =
    connection &&
    new RoundWalks({
      ...{ vault, connection, profile, list: options.list, now, onChange: onRound },
      onOpened: () => follower.showHits(),
    });
  const follower: Follower = new Follower({
    vault,
    connection,
    board,
    walks,
    now,
    pace: options.pace,
    onRound,
    onHits,
  });

  function standingIn(round: string): RoundStanding | null {
    const descriptor = follower.descriptor(round);
    if (descriptor === null) return null;
    const fault = walks?.fault(round) ?? follower.fault();
    const beside = { work: walks?.work(round) ?? null, hits: board.countsOf(round), fault };
    return standingOf(vault, descriptor, follower.view(round), beside, now());
  }
  function rowOf(hit: string): HitRow {
    const row = board.row(hit);
    if (row === null) throw new LinkageError("hit-unknown", "there is no such hit, or the vault keeps it no more");
    return row;
  }
  function connected(): Connection {
    if (connection === null)
      throw new LinkageError("server-unreachable", "this console was started without a server; name it with --server");
    return connection;
  }

  const desk: Desk = {
    console: () => consoleView(vault, server?.url ?? null, list.name),
    hitsJson: () => board.json(),
    hit: async (hit) => {
      const row = rowOf(hit);
      const refsOfHits = (): ReadonlySet<string> => new Set(board.list().flatMap(({ refs }) => refs));
      return hitViewOf(vault, row, await list.records(row.refs, refsOfHits), profile);
    },
    mark: async (hit, status) => {
      const { round } = rowOf(hit);
      await markHits(connected(), vault, round, status, [hit], now());
      onHits(await board.takeStatuses(round, await connected().statuses(round, vault.identity.party)));
      return desk.hit(hit);
    },
    rounds: () =>
      follower
        .rounds()
        .flatMap((round) => standingIn(round) ?? [])
        .sort((one, other) => (one.keptUntil < other.keptUntil ? 1 : -1)),
    run: (round) => follower.ask(round),
    coverage: () => list.coverage(),
    statistics: (year) => connected().statistics(year),
  };

  onHits(await board.refresh());
  const app = await buildConsoleApp({ desk, sessions, feed, pages });
  await app.listen({ host: "127.0.0.1", port });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  follower.start();
  return {
    url,
    freshAddress: () => `${url}/#t=${sessions.issue()}`,
    close: async () => {
      await app.close();
      await Promise.all([follower.close(), alerts?.close()]);
    },
  };
}

function consoleView(vault: Vault, server: string | null, list: string | null): ConsoleView {
  const { party } = vault.identity;
  const counterparts = vault
    .roster()
    .parties.map(({ id }) => id)
    .filter((id) => id !== party);
  return { party, counterparts, server, list };
}
