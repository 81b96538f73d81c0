import type { ChatToken } from "../server/wire.ts";
import { askToken } from "./chat-api.ts";

/** A token with less than this left is not begun with, in milliseconds. */
const SPARE_MS = 2000;

interface HeldToken {
  readonly token: string;
  readonly endsAt: number;
}

/**
 * This page's access to its room: the token in use, and another whenever one is needed. Who the page speaks for is in a cookie that it
 * cannot read; the server's answer only says under which name tag others see its visitor.
 */
export class RoomAccess {
  readonly #room: string;
  readonly #onVisitor: (visitor: string) => void;
  #held: HeldToken | undefined;
  /** What the stream was given last: it asks again only for another. */
  #streamed: string | undefined;
  #asking: Promise<HeldToken> | undefined;

  /** @param onVisitor - Called with the visitor's public name tag for each token that came. */
  constructor(room: string, onVisitor: (visitor: string) => void) {
    this.#room = room;
    this.#onVisitor = onVisitor;
  }

  /**
   * For one request to the chat's server.
   *
   * @throws ClientError when there is none to be had now.
   */
  async current(): Promise<string> {
    return (await this.#take()).token;
  }

  /**
   * For the stream: one that it did not have yet.
   *
   * @throws ClientError when there is none to be had now.
   */
  readonly next = async (): Promise<string> => {
    if (this.#held?.token === this.#streamed) this.#held = undefined;
    const { token } = await this.#take();
    this.#streamed = token;
    return token;
  };

  /** The server does not take it any more. */
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
