import type { Socket } from "node:net";
import type { BodyShare } from "../admission/body-bytes.ts";
import type { HttpContext } from "../context.ts";
import type { HubRequest } from "../request.ts";
import { ALIAS_PATH, type Reply } from "../reply/reply.ts";
import { failureReply, respond } from "../respond.ts";
import type { StrictHead } from "./head.ts";

/** The hub, for the strict reader. */
export interface StrictHub {
  /** Most bytes of a body. */
  readonly bodyBytes: number;
  /**
   * Finds the destination of a publish.
   *
   * @returns The path in terms of the hub's URL. Undefined if updates are not published there.
   */
  resolve(target: string): string | undefined;
  /** Answers a publish as the hub's handler does. Never rejects. */
  answer(request: StrictPublish): Promise<Reply>;
}

/** A publish that was read whole. */
export interface StrictPublish {
  readonly socket: Socket;
  /** The client's address. */
  readonly address: string | undefined;
  /** The result of {@link StrictHub.resolve}. */
  readonly pathname: string;
  readonly head: StrictHead;
  readonly body: Uint8Array;
}

/** Makes the side of a hub that the strict reader uses. */
export function createStrictHub(context: HttpContext): StrictHub {
  const { hub, hubPath, paths } = context;
  return {
    get bodyBytes() {
      return hub.limits.bodyBytes;
    },
    resolve(target) {
      const pathname = paths.resolve(target);
      return pathname === hubPath || pathname === ALIAS_PATH ? pathname : undefined;
    },
    async answer(publish) {
      const share = context.bodies.open(publish.address);
      try {
        const outcome = await respond(context, new StrictRequest(context, publish, share));
        if (outcome.kind === "reply") return outcome.reply;
        throw new TypeError("A POST to the hub became a stream.");
      } catch (error) {
        return failureReply(context, error, undefined);
      } finally {
        share.release();
      }
    },
  };
}

class StrictRequest implements HubRequest {
  readonly address: string | undefined;
  readonly method = "POST";
  readonly pathname: string;
  readonly query = "";
  readonly authorization: readonly string[];
  readonly framing = "none";
  readonly #context: HttpContext;
  readonly #publish: StrictPublish;
  readonly #share: BodyShare;

  constructor(context: HttpContext, publish: StrictPublish, share: BodyShare) {
    const authorization = publish.head.fields.get("authorization");
    this.address = publish.address;
    this.pathname = publish.pathname;
    this.authorization = authorization === undefined ? [] : [authorization];
    this.#context = context;
    this.#publish = publish;
    this.#share = share;
  }

  header(name: string): string | undefined {
    return this.#publish.head.fields.get(name);
  }

  /** The reader takes no body that is larger than the limit. */
  readBody(): Uint8Array {
    const { body } = this.#publish;
    this.#share.hold(body.length);
    return body;
  }

  isGone(): boolean {
    return this.#publish.socket.destroyed;
  }

  admit(): void {
    this.#context.arrivals.admit(this.#publish.socket, this.address);
  }
}
