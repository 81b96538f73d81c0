import { createHash, timingSafeEqual } from "node:crypto";
import { problem } from "./problem.ts";
import { readObject } from "./read-message.ts";
import { type ChatMute, type ChatRemoval, OWNER_HEADER, VISITOR_TAG } from "./wire.ts";

/** The owner's wish, as an update of the room. */
export type OwnersWish = { readonly type: "removed"; readonly data: ChatRemoval } | { readonly type: "muted"; readonly data: ChatMute };

const MAX_ID_LENGTH = 80;

/** Recognises the chat's owner by a secret. Without a secret, nobody is the owner. */
export class Owner {
  readonly #digest: Buffer | undefined;

  constructor(secret: string | undefined) {
    this.#digest = secret === undefined ? undefined : digestOf(secret);
  }

  /** Whether the request brings the owner's secret. */
  is(request: Request): boolean {
    const given = request.headers.get(OWNER_HEADER);
    return this.#digest !== undefined && given !== null && timingSafeEqual(digestOf(given), this.#digest);
  }

  /**
   * Reads the body of `POST /chat/ROOM/moderation`.
   *
   * @returns The wish, or the refusal with the remedy.
   */
  async read(request: Request, maxBytes: number): Promise<OwnersWish | Response> {
    if (!this.is(request))
      return problem(
        "not_owner",
        `Send the owner's secret in ${OWNER_HEADER}. The demo prints it on its terminal, and writes it to chat-owner.url in its data directory.`,
      );
    const value = await readObject(request, maxBytes);
    if (value instanceof Response) return value;
    const { remove, mute, unmute } = value;
    if (typeof remove === "string" && remove !== "" && remove.length <= MAX_ID_LENGTH) return { type: "removed", data: { id: remove } };
    const visitor = mute ?? unmute;
    if (typeof visitor === "string" && VISITOR_TAG.test(visitor)) return { type: "muted", data: { visitor, muted: mute !== undefined } };
    return problem("invalid_body", "Name a message in `remove`, or a visitor in `mute` or `unmute`.");
  }
}

/** Digests are of one length, so that their comparison tells nothing of the secret. */
function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
