import type { Socket } from "node:net";
import { HubError } from "../../../core/errors.ts";
import { every, monotonicMs, nextTurn, sleep } from "../../../core/scheduler.ts";
import { elect, type Elected } from "./election.ts";
import { Claim } from "./claim.ts";
import type { LogPlace, OpenStore } from "../files/log-access.ts";
import { RemoteWriter } from "./remote-writer.ts";
import { REQUEST_MS, WaitingRequest, type WriterRequest } from "./requests.ts";
import type { SocketPlace } from "./socket-place.ts";
import { WriterServer } from "./writer-server.ts";

/** Pause after a failed attempt to get a writer, in milliseconds. */
const RETRY_MS = 200;
/** Interval of the checks for requests whose time is over, in milliseconds. */
const CHECK_MS = 500;
/** Bytes of appends that may wait for the writer in another process. */
const MOST_OPEN_BYTES = 64 * 1024 * 1024;

/** Circumstances in which a process opens the store. */
export interface WriterRole {
  /** The required epoch, if any. */
  readonly epoch: string | undefined;
  /** Whether the writer before may be suspended, and go on later. */
  readonly isTakeover: boolean;
  /** Whether another process may write now, so that this one must not. */
  readonly isDeposed: () => boolean;
}

/** Options of a {@link WriterLink}. */
export interface WriterLinkOptions {
  readonly sockets: SocketPlace;
  /** Opens the store, as the one writer. */
  readonly openStore: (role: WriterRole) => Promise<OpenStore>;
  /** The required epoch, for a process that joins others. */
  readonly epoch: string | undefined;
  /** Why the journal's files can't be used now, or undefined. Costs a few microseconds. */
  readonly absence: () => HubError | undefined;
  /** Called when this process begins to follow another. */
  readonly onFollowing: () => void;
  /** Called after each change of the place, first when the journal is open. */
  readonly onPlace: (place: LogPlace) => void;
  /** Called when {@link WriterLink.failure} comes or goes. */
  readonly onFailure: () => void;
}

/**
 * The way to the one process that writes the journal, which may be this process. When the writer
 * ends, the link takes part in the election of the next. Requests wait meanwhile.
 */
export class WriterLink {
  readonly #options: WriterLinkOptions;
  #place: LogPlace | undefined;
  #local: OpenStore | undefined;
  #remote: RemoteWriter | undefined;
  /** Requests that wait for the next writer. */
  #waiting: WaitingRequest[] = [];
  /** Bytes of the requests that wait for another process. */
  #openBytes = 0;
  #failure: HubError | undefined;
  /** Why the writer of another process can't use the log. */
  #remoteFailure: HubError | undefined;
  #isClosed = false;
  /** Ends the present role. */
  #stepDown: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(options: WriterLinkOptions) {
    this.#options = options;
  }

  /**
   * Finds or becomes the writer.
   *
   * @throws Error if the store can't be opened, or the sockets can't be used.
   * @throws HubError `journal_unavailable` if the writer does not answer, or is of another version.
   */
  static async open(options: WriterLinkOptions): Promise<WriterLink> {
    const link = new WriterLink(options);
    await new Promise<void>((resolve, reject) => {
      link.#running = link.#run(resolve, reject);
    });
    return link;
  }

  /** The newest known place. */
  get place(): LogPlace {
    if (this.#place === undefined) throw new Error("The journal is not open.");
    return this.#place;
  }

  /** Whether this process writes. */
  get isWriter(): boolean {
    return this.#local !== undefined;
  }

  /** Why no writer can be had, or the writer can't use the log, although this process finds the files in place. */
  get failure(): HubError | undefined {
    return this.#failure ?? this.#remoteFailure;
  }

  /** Asks the writer. @throws HubError if there is no writer within 10 s, or by the writer. */
  ask<T>(request: WriterRequest<T>): Promise<T> {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return Promise.reject(refusal);
    if (this.#local !== undefined) return request.run(this.#local);
    const { length } = request.content;
    const waiting = new WaitingRequest(request, monotonicMs() + REQUEST_MS, () => (this.#openBytes -= length));
    this.#openBytes += length;
    if (this.#remote === undefined) this.#waiting.push(waiting as WaitingRequest);
    else this.#remote.send(waiting as WaitingRequest);
    return waiting.outcome;
  }

  /** Finishes the requests under way, then leaves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stepDown();
    // The sockets alone do not keep the process alive.
    const keepAlive = setInterval(() => undefined, CHECK_MS);
    await this.#running;
    clearInterval(keepAlive);
  }

  #refusal({ kind, content }: WriterRequest<unknown>): HubError | undefined {
    if (this.#isClosed) return closed();
    if (this.#failure !== undefined) return this.#failure;
    if (kind !== "append" || this.#local !== undefined || this.#openBytes + content.length <= MOST_OPEN_BYTES) return undefined;
    return new HubError("journal_unavailable", "Too many updates wait for the process that writes the journal. Try again in a moment.", {
      retryAfterMs: 1000,
    });
  }

  async #run(onOpen: () => void, onFailed: (error: unknown) => void): Promise<void> {
    const stopChecking = every(CHECK_MS, () => this.#expire());
    try {
      while (!this.#isClosed) {
        try {
          await this.#takeRole(onOpen);
        } catch (error) {
          if (this.#place === undefined) throw error;
          this.#fail(error);
        }
        const isWell = this.#place !== undefined && this.#failure === undefined && this.#options.absence() === undefined;
        if (!this.#isClosed && !isWell) await sleep(RETRY_MS);
      }
    } catch (error) {
      onFailed(error);
    } finally {
      stopChecking();
      for (const waiting of this.#waiting.splice(0)) waiting.reject(closed());
    }
  }

  /** Takes part in an election, and keeps the role until it ends. */
  async #takeRole(onOpen: () => void): Promise<void> {
    const { sockets, absence } = this.#options;
    const server = new WriterServer();
    // In a directory that was moved away, nobody may become the writer.
    const isWanted = (): boolean => !this.#isClosed && absence() === undefined;
    try {
      const elected = await elect(sockets, server, isWanted);
      if (elected?.role === "writer") await this.#write(elected, server, onOpen);
      else if (elected !== undefined) await this.#follow(elected.socket, onOpen);
    } finally {
      server.close();
    }
  }

  async #follow(socket: Socket, onOpen: () => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      let isOpen = false;
      const remote = new RemoteWriter(socket, {
        onPlace: (place) => {
          const refusal = isOpen ? undefined : this.#whyOther(place);
          if (refusal !== undefined) {
            remote.close();
            reject(refusal);
            return;
          }
          if (!isOpen) this.#options.onFollowing();
          this.#moved(place);
          if (isOpen) return;
          isOpen = true;
          this.#begin(() => (this.#remote = remote), onOpen);
          for (const waiting of this.#waiting.splice(0)) remote.send(waiting);
        },
        onFailing: (failure) => this.#writerFails(failure),
        onLeft: (open, reason) => {
          this.#remote = undefined;
          this.#writerFails(undefined);
          this.#waiting.unshift(...open);
          if (reason === undefined) resolve();
          else reject(reason);
        },
      });
      this.#stepDown = () => remote.finish();
      if (this.#isClosed) remote.finish();
    });
  }

  async #write({ server, number, isTakeover }: Writer, followers: WriterServer, onOpen: () => void): Promise<void> {
    const { sockets, openStore, epoch } = this.#options;
    const claim = new Claim(sockets.claimOf(number));
    let store: OpenStore | undefined;
    try {
      store = await openStore({ epoch: this.#place?.epoch ?? epoch, isTakeover, isDeposed: claim.isLost });
      const refusal = this.#whyOther(store.place);
      if (refusal !== undefined) throw refusal;
      const opened = store;
      opened.onMoved((place) => this.#moved(place));
      this.#moved(opened.place);
      this.#begin(() => (this.#local = opened), onOpen);
      followers.serve(opened);
      for (const waiting of this.#waiting.splice(0)) waiting.runOn(opened);
      await this.#whileClaimed(claim);
      this.#local = undefined;
      await followers.leave();
      followers.refuse();
    } finally {
      this.#local = undefined;
      await store?.close();
      // The last outcomes become answers.
      await nextTurn();
      if (!claim.isLost()) sockets.retire(number);
      followers.close();
      // Node removes the socket's path as it closes. The path may be that of the next writer.
      if (!claim.isTaken()) await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Waits until the link is closed, or another process may have taken over. */
  async #whileClaimed(claim: Claim): Promise<void> {
    await new Promise<void>((resolve) => {
      const stopLooking = every(RETRY_MS, () => {
        if (this.#options.absence() === undefined && claim.isLost()) this.#stepDown();
      });
      this.#stepDown = () => {
        stopLooking();
        resolve();
      };
      if (this.#isClosed) this.#stepDown();
    });
  }

  #begin(setRole: () => void, onOpen: () => void): void {
    setRole();
    if (this.#failure !== undefined) {
      this.#failure = undefined;
      this.#options.onFailure();
    }
    onOpen();
  }

  #writerFails(failure: HubError | undefined): void {
    const isChange = (failure === undefined) !== (this.#remoteFailure === undefined);
    this.#remoteFailure = failure;
    if (isChange) this.#options.onFailure();
  }

  #fail(error: unknown): void {
    const isFirst = this.#failure === undefined;
    this.#failure =
      error instanceof HubError
        ? error
        : new HubError("journal_unavailable", "The journal cannot be opened again. Nothing is published until it can.", { cause: error });
    for (const waiting of this.#waiting.splice(0)) waiting.giveUp();
    if (isFirst) this.#options.onFailure();
  }

  #moved(place: LogPlace): void {
    this.#place = place;
    this.#options.onPlace(place);
  }

  /** Why a writer's journal is not the one that this process has open. */
  #whyOther({ epoch, tail }: LogPlace): HubError | undefined {
    const known = this.#place;
    const wanted = known?.epoch ?? this.#options.epoch;
    if (wanted !== undefined && wanted !== epoch) {
      return new HubError("journal_unavailable", "The journal's data were put back while it was open; this process has to be restarted.");
    }
    if (known === undefined || known.tail <= tail) return undefined;
    return new HubError("journal_unavailable", "The journal's newest updates are gone. Nothing is published until the hub is restarted.", {
      cause: new Error(
        `The newest update was ${known.tail}, and is ${tail} after another process took over. The disk may have lost what it had flushed. ` +
          "Restart the hub to go on with the present files, and run `artesian journal restore` before, so that subscribers are told.",
      ),
    });
  }

  #expire(): void {
    const now = monotonicMs();
    for (const waiting of this.#waiting) if (waiting.untilMs <= now) waiting.giveUp();
    this.#waiting = this.#waiting.filter(({ isSettled }) => !isSettled);
  }
}

type Writer = Extract<Elected, { readonly role: "writer" }>;

const closed = (): HubError => new HubError("journal_unavailable", "The journal is closed.");
