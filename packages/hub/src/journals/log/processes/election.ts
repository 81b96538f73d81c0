import { chmodSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { sleep } from "../../../core/scheduler.ts";
import type { SocketPlace } from "./socket-place.ts";

/** Range of the pause after an election that nobody won, in milliseconds. */
const PAUSE_MS = { least: 2, most: 20 } as const;
/** Connections that wait until the writer takes them. */
const BACKLOG = 511;
/** Error codes of a socket without a process that listens. */
const DEAD: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ENOENT", "ENOTSOCK", "ECONNRESET", "EPROTOTYPE"]);

/** The role of this process, until its socket closes. */
export type Elected =
  /**
   * The socket of this process has the highest number. Nobody else writes. `isTakeover`: the writer
   * before did not close the journal, so it may be suspended, and go on later.
   */
  | { readonly role: "writer"; readonly server: Server; readonly number: number; readonly isTakeover: boolean }
  /** A connection to the writer, which may not have opened the journal yet, or may be suspended. */
  | { readonly role: "follower"; readonly socket: Socket };

/** Takes connections of followers, which may come before the election is decided. */
export interface Reception {
  readonly take: (socket: Socket) => void;
  /** Closes the connections, because this process is not the writer. */
  readonly dismiss: () => void;
}

/**
 * Takes part in the election of the one process that writes a journal.
 *
 * The N-th writer listens on the socket `writer-N`. Binding is exclusive, and a socket without a
 * process refuses connections. So a process connects to the highest number, and binds the next
 * number if nobody answers.
 *
 * A process may be suspended between any two steps, and act on old knowledge when it goes on. So
 * each process checks after binding: it withdraws if a higher number exists, and follows a lower
 * socket that answers. Of two processes that bound, the later one to bind sees the other's socket,
 * or the other sees the later one's number. At least one withdraws. The numbers never fall, because
 * a writer leaves the next number behind when it closes.
 *
 * @param reception - Takes the connections of a writer, from the first one on.
 * @param isWanted - Whether to go on. Default: always.
 * @returns Undefined if the role is no longer wanted.
 * @throws Error of the system if the sockets can't be used, as in a removed directory.
 */
export async function elect(place: SocketPlace, reception: Reception, isWanted: () => boolean = () => true): Promise<Elected | undefined> {
  for (; isWanted(); await sleep(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least))) {
    const highest = place.numbers()[0] ?? 0;
    const found = highest === 0 ? "dead" : await reach(place.pathOf(highest));
    if (found === "busy") continue;
    if (found !== "dead") return { role: "follower", socket: found };
    const isTakeover = !place.isRetired(highest);
    const number = highest + 1;
    let server: Server | undefined;
    try {
      server = await bind(place.pathOf(number), reception);
    } catch (error) {
      if (!place.movesAfter(error)) throw error;
    }
    if (server === undefined) continue;
    const rival = place.claim(number) ? await findRival(place, number) : "unknown";
    if (rival === undefined) {
      place.removeBelow(number);
      return { role: "writer", server, number, isTakeover };
    }
    // Node removes the socket at once.
    server.close();
    reception.dismiss();
    if (rival !== "unknown") return { role: "follower", socket: rival };
  }
  return undefined;
}

/**
 * Finds a process that may take itself for the writer.
 *
 * @returns A connection to a process with a lower number. `unknown` if there is a rival that can't
 *   be followed yet.
 */
async function findRival(place: SocketPlace, number: number): Promise<Socket | "unknown" | undefined> {
  for (const other of place.numbers()) {
    if (other > number) return "unknown";
    if (other === number) continue;
    const found = await reach(place.pathOf(other));
    if (found === "busy") return "unknown";
    if (found !== "dead") return found;
  }
  return undefined;
}

/**
 * Connects to a socket. A suspended process accepts too, as long as its queue of connections has
 * room.
 *
 * @returns `dead` if no process listens, `busy` if the queue is full.
 */
export function reach(path: string): Promise<Socket | "dead" | "busy"> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    const failed = (error: Error): void => {
      const code: unknown = Reflect.get(error, "code");
      if (DEAD.has(code)) resolve("dead");
      else if (code === "EAGAIN") resolve("busy");
      else if (code === "EACCES") {
        reject(new Error("The journal is in use by a process of another user. Run all its processes as one user.", { cause: error }));
      } else reject(error);
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

/** @returns Undefined if another process was first. */
function bind(path: string, reception: Reception): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => reception.take(socket));
    server.once("error", (error) => (Reflect.get(error, "code") === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    // In a worker of a cluster, a socket that is not exclusive would be bound by the primary.
    server.listen({ path, backlog: BACKLOG, exclusive: true }, () => {
      try {
        chmodSync(path, 0o600);
      } catch {
        // The socket was removed meanwhile. The owner finds out that nobody reaches it.
      }
      server.removeAllListeners("error");
      // Without descriptors, connections wait until there are some.
      server.on("error", () => undefined);
      server.unref();
      resolve(server);
    });
  });
}
