import { HubError } from "../../core/errors.ts";
import { addressGroup } from "../../core/address-key.ts";
import { between } from "./connections.ts";

/** Range of the delay before a client with a refused body comes back, in milliseconds. */
const FULL = { minMs: 1000, maxMs: 5000 } as const;

/** Memory of one request's body. */
export interface BodyShare {
  /**
   * Counts the memory of the body.
   *
   * @param bytes - All bytes that the body holds now, not only the new ones.
   * @param cut - Called if the hub takes the memory for another request. It holds nothing then.
   *   Undefined for a body that is complete from the beginning.
   * @throws HubError `overloaded` if there is no room. It holds nothing then.
   */
  hold(bytes: number, cut?: (refusal: HubError) => void): void;
  /** Marks the body as complete. The hub does not take its memory any more. */
  complete(): void;
  /** Releases the memory. Call after the request. */
  release(): void;
}

/** An address, or a group of addresses that count as one. */
interface Group {
  readonly name: string;
  /** Bytes of all its bodies. */
  bytes: number;
  /** Bodies that are not complete, in order of arrival. */
  readonly unfinished: Set<Body>;
}

interface Body {
  bytes: number;
  cut: ((refusal: HubError) => void) | undefined;
}

/** Groups without a body that are kept, so that the map does not change with each request. */
const KEPT_GROUPS = 1024;

/**
 * Bounds the memory of all request bodies in a process until their requests are handled. An address
 * may hold no more than is left for others. If there is no room, the address that holds most loses
 * its largest incomplete body. Otherwise bodies that never end would shut out all publishers.
 */
export class BodyBytes {
  /** See `Limits.pendingBodyBytes`. A lower one refuses new bytes, and takes none back. */
  limit: number;
  readonly #groups = new Map<string, Group>();
  #total = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes of all bodies. */
  get total(): number {
    return this.#total;
  }

  /**
   * @param address - The client's. The loopback counts as one address, and so do all unknown
   *   addresses.
   */
  open(address: string | undefined): BodyShare {
    return new Share(this, address);
  }

  /** See {@link BodyShare.hold}. */
  hold(group: Group, body: Body, bytes: number, cut: ((refusal: HubError) => void) | undefined): void {
    if (cut !== undefined) group.unfinished.add(body);
    body.cut = cut;
    this.#makeRoom(group, body, bytes);
    this.#resize(group, body, bytes);
  }

  /** Releases the memory of a body. */
  release(group: Group, body: Body): void {
    this.#resize(group, body, 0);
    body.cut = undefined;
    group.unfinished.delete(body);
  }

  /** Finds or makes the group of an address. */
  groupOf(address: string | undefined): Group {
    const name = addressGroup(address);
    let group = this.#groups.get(name);
    if (group === undefined) {
      if (this.#groups.size >= KEPT_GROUPS) this.#dropEmpty();
      group = { name, bytes: 0, unfinished: new Set() };
      this.#groups.set(name, group);
    }
    return group;
  }

  #dropEmpty(): void {
    for (const [name, { bytes, unfinished }] of this.#groups) if (bytes === 0 && unfinished.size === 0) this.#groups.delete(name);
  }

  /** @throws HubError `overloaded` if the body itself is the one to lose its memory. */
  #makeRoom(group: Group, body: Body, bytes: number): void {
    for (;;) {
      const wanted = group.bytes - body.bytes + bytes;
      const left = this.limit - this.#total;
      if (wanted <= left) return;
      const [from, victim] = this.#victim(group, wanted, body, bytes);
      const refusal = this.#refusal(from === group ? wanted : from.bytes, from.name);
      const { cut } = victim;
      this.release(from, victim);
      if (victim === body) throw refusal;
      cut?.(refusal);
    }
  }

  /**
   * Finds the body that loses its memory: the largest incomplete one of the address that holds most.
   *
   * @param wanted - Bytes of the group with the new bytes.
   * @param bytes - Bytes of the body with the new ones.
   */
  #victim(group: Group, wanted: number, body: Body, bytes: number): readonly [Group, Body] {
    let [from, most] = [group, wanted];
    for (const other of this.#groups.values()) {
      if (other !== group && other.bytes > most && other.unfinished.size > 0) [from, most] = [other, other.bytes];
    }
    // Of equal ones the oldest, which is the most likely to be stalled.
    let [victim, largest] = from === group ? [body, bytes - 1] : [body, -1];
    for (const other of from.unfinished) {
      if (other !== body && other.bytes > largest) [victim, largest] = [other, other.bytes];
    }
    return [from, victim];
  }

  #refusal(held: number, name: string): HubError {
    return new HubError("overloaded", "The hub has reached its limit of request bodies. Send less at a time, or try again later.", {
      retryAfterMs: between(FULL),
      cause:
        `Request bodies hold ${this.#total} bytes. The limit is ${this.limit}, and an address may hold no more than is left. ` +
        `The largest incomplete body of ${name} is refused, which holds or wants ${held} bytes.`,
    });
  }

  #resize(group: Group, body: Body, bytes: number): void {
    this.#total += bytes - body.bytes;
    group.bytes += bytes - body.bytes;
    body.bytes = bytes;
  }
}

/** The body of one request. */
class Share implements BodyShare, Body {
  bytes = 0;
  cut: ((refusal: HubError) => void) | undefined;
  readonly #pot: BodyBytes;
  readonly #address: string | undefined;
  /** Found with the first bytes: most requests have no body. */
  #group: Group | undefined;

  constructor(pot: BodyBytes, address: string | undefined) {
    this.#pot = pot;
    this.#address = address;
  }

  hold(bytes: number, cut?: (refusal: HubError) => void): void {
    this.#group ??= this.#pot.groupOf(this.#address);
    this.#pot.hold(this.#group, this, bytes, cut);
  }

  complete(): void {
    this.#group?.unfinished.delete(this);
  }

  release(): void {
    if (this.#group !== undefined) this.#pot.release(this.#group, this);
  }
}
