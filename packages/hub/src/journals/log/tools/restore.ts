import type { Socket } from "node:net";
import { elect } from "../processes/election.ts";
import { RemoteWriter } from "../processes/remote-writer.ts";
import { SocketPlace } from "../processes/socket-place.ts";
import { WriterServer } from "../processes/writer-server.ts";
import { LogStore } from "../writing/store.ts";
import { mustExist } from "./current-place.ts";

/** Result of {@link declareRestored}. */
export interface DeclaredRestored {
  /** The new epoch. */
  readonly epoch: string;
  readonly head: number;
  readonly tail: number;
}

/**
 * Declares that the data of a log were restored, when nothing else shows this, as after a disk was
 * set back to a snapshot. The log begins a new epoch, so that each subscriber that comes back is
 * told of a gap.
 *
 * @param markFile - As the journal is opened with.
 * @throws Error if there is no journal, or a process has the journal open.
 */
export async function declareRestored(directory: string, markFile?: string): Promise<DeclaredRestored> {
  mustExist(directory);
  const sockets = new SocketPlace(directory);
  const followers = new WriterServer();
  try {
    const elected = await elect(sockets, followers);
    if (elected?.role !== "writer") {
      const pid = elected === undefined ? undefined : await pidOf(elected.socket);
      throw new Error(`The journal in ${directory} is in use by process ${pid ?? "unknown"}. Stop the hub, then try again.`);
    }
    try {
      const store = await LogStore.open({ directory, markFile, isDeclared: true, onPutBack: () => undefined });
      const { epoch, head, tail } = store.place;
      await store.close();
      return { epoch, head, tail };
    } finally {
      sockets.retire(elected.number);
      followers.dismiss();
      elected.server.close();
    }
  } finally {
    followers.close();
    sockets.close();
  }
}

/** Asks a writer for the id of its process. */
function pidOf(socket: Socket): Promise<number | undefined> {
  return new Promise((resolve) => {
    const writer = new RemoteWriter(socket, { onPlace: () => writer.close(), onLeft: () => resolve(writer.pid) });
  });
}
