import type { ChatLimits } from "./options.ts";
import { TokenBuckets } from "./token-buckets.ts";

/**
 * Decides whose typing is told. A sign that comes too soon is left out, and the page that sent it
 * need not know. So a room of busy writers costs the journal little.
 */
export class Typing {
  readonly #perVisitor: TokenBuckets;
  readonly #perRoom: TokenBuckets;
  readonly #inAll: TokenBuckets;

  constructor(limits: Pick<ChatLimits, "typingPerVisitor" | "typingPerRoom" | "typingInAll" | "rateKeys">) {
    this.#perVisitor = new TokenBuckets(limits.typingPerVisitor, limits.rateKeys);
    this.#perRoom = new TokenBuckets(limits.typingPerRoom, limits.rateKeys);
    this.#inAll = new TokenBuckets(limits.typingInAll, 1);
  }

  /** Whether a visitor's typing is to be told now. */
  mayTell(room: string, visitor: string): boolean {
    return this.#perVisitor.take(visitor) === 0 && this.#perRoom.take(room) === 0 && this.#inAll.take("") === 0;
  }
}
