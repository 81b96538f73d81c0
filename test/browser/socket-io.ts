import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** Ends each packet but the last of an answer. */
const SEPARATOR = "\u001E";

const HANDSHAKE = { sid: "session", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 };

/** A stand-in for a server of Socket.IO with one client. */
export interface SocketIo {
  readonly handler: (req: IncomingMessage, res: ServerResponse) => void;
  /** Sends an event to a room. */
  readonly emit: (room: string, event: string, data: string) => void;
}

/**
 * Speaks as much of Socket.IO as a page needs that joins a room: long-polling of Engine.IO 4. The
 * package `socket.io` is no dependency of the tests.
 *
 * @see https://socket.io/docs/v4/engine-io-protocol/
 */
export function createSocketIo(): SocketIo {
  const rooms = new Set<string>();
  let packets: string[] = [];
  let poll: ServerResponse | undefined;

  function flush(): void {
    if (packets.length === 0 || poll === undefined) return;
    poll.end(packets.join(SEPARATOR));
    poll = undefined;
    packets = [];
  }

  function send(packet: string): void {
    packets.push(packet);
    flush();
  }

  function take(packet: string): void {
    if (packet.startsWith("40")) return send(`40${JSON.stringify({ sid: "socket" })}`);
    const [event, room] = packet.startsWith("42") ? (JSON.parse(packet.slice(2)) as [string, string]) : [];
    if (event === "join" && room !== undefined) rooms.add(room);
  }

  async function receive(req: IncomingMessage, res: ServerResponse): Promise<void> {
    for (const packet of (await text(req)).split(SEPARATOR)) take(packet);
    res.end("ok");
  }

  return {
    handler(req, res) {
      res.setHeader("content-type", "text/plain; charset=utf-8");
      if (req.method === "POST") void receive(req, res);
      else if (!req.url?.includes("sid=")) res.end(`0${JSON.stringify(HANDSHAKE)}`);
      else {
        poll = res;
        flush();
      }
    },
    emit(room, event, data) {
      if (rooms.has(room)) send(`42${JSON.stringify([event, data])}`);
    },
  };
}
