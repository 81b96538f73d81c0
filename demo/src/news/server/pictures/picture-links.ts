import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { SourceMemory } from "artesian-sources";
import type { NewsLogger } from "../options.ts";

/** Key of the signing key in the memory. */
const KEY = "picture-key";

const PATH = /^\/news\/picture\/([\w-]{22})\/([\w-]{1,2800})$/;

/** Whether a path belongs to the pictures. */
export function isPicturePath(pathname: string): boolean {
  return pathname.startsWith("/news/picture/");
}

/**
 * Paths of pictures on this server. Each is signed, so that the server only fetches pictures that a
 * feed has named, and is no proxy for everything. The key is kept with the headlines, because their
 * paths must hold after a restart.
 */
export class PictureLinks {
  readonly #key: Promise<Buffer>;

  constructor(memory: SourceMemory, logger: NewsLogger) {
    this.#key = loadKey(memory).catch((error: unknown) => {
      logger.warn({ err: error }, "the pictures' key was not kept, and their links end with this process");
      return randomBytes(32);
    });
  }

  /** The path of a picture's address. */
  async pathOf(address: string): Promise<string> {
    return `/news/picture/${sign(await this.#key, address)}/${Buffer.from(address).toString("base64url")}`;
  }

  /** The address of a path, or undefined if this server did not sign it. */
  async addressOf(pathname: string): Promise<string | undefined> {
    const [, signature = "", encoded = ""] = PATH.exec(pathname) ?? [];
    const address = Buffer.from(encoded, "base64url").toString("utf8");
    const own = Buffer.from(sign(await this.#key, address));
    return own.byteLength === signature.length && timingSafeEqual(own, Buffer.from(signature)) ? address : undefined;
  }
}

function sign(key: Buffer, address: string): string {
  return createHmac("sha256", key).update(address).digest("base64url").slice(0, 22);
}

async function loadKey(memory: SourceMemory): Promise<Buffer> {
  const kept = Buffer.from((await memory.get(KEY)) ?? "", "base64url");
  if (kept.byteLength === 32) return kept;
  const key = randomBytes(32);
  await memory.set(KEY, key.toString("base64url"));
  return key;
}
