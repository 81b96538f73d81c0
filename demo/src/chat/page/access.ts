import type { ChatToken } from "../server/wire.ts";
import { askToken } from "./chat-api.ts";

/** Shortest remaining life of a token for new use, in milliseconds. */
const SPARE_MS = 2000;

interface HeldToken {
  readonly token: string;
  readonly endsAt: number;
}

/**
 * This page's access to its room: the current token, and another when needed. The visitor's
 * identity is in a cookie that the page cannot read. The server's answer only tells the visitor's
 * public name tag.
 */
export class RoomAccess {
  readonly #room: string;
  readonly #onVisitor: (visitor: string) => void;
  #held: HeldToken | undefined;
  /** The last token of the stream, which asks again only for another. */
  #streamed: string | undefined;
  #asking: Promise<HeldToken> | undefined;

  /** @param onVisitor - Called with the visitor's public name tag for each new token. */
  constructor(room: string, onVisitor: (visitor: string) => void) {
    this.#room = room;
    this.#onVisitor = onVisitor;
  }

  /**
   * Returns a token for one request to the chat's server.
   *
   * @throws ClientError when no token is available now.
   */
  async current(): Promise<string> {
    return (await this.#take()).token;
  }

  /**
   * Returns a token that the stream did not have yet.
   *
   * @throws ClientError when no token is available now.
   */
  readonly next = async (): Promise<string> => {
    if (this.#held?.token === this.#streamed) this.#held = undefined;
    const { token } = await this.#take();
    this.#streamed = token;
    return token;
  };

  /** Drops a token that the server no longer accepts. */
  drop(token: string): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  async #take(): Promise<HeldToken> {
    if (this.#held !== undefined && this.#held.endsAt - Date.now() > SPARE_MS) return this.#held;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<HeldToken> {
    const askedAt = Date.now();
    const answer: ChatToken = await askToken(this.#room);
    const held = { token: answer.token, endsAt: askedAt + answer.expiresInMs };
    this.#held = held;
    this.#onVisitor(answer.visitor);
    return held;
  }
}
