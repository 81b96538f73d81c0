import { randomBytes } from "node:crypto";

/** 128 random bits, so that nobody guesses another visitor's secret. */
const SECRET = /^[A-Za-z0-9_-]{22}$/;
const SECRET_BYTES = 16;

/** Most browsers keep no cookie for longer than 400 days. */
const MAX_AGE_SECONDS = 180 * 86_400;

/**
 * Identifies a browser by a secret in a cookie. No script of a page can read or leak the secret,
 * and other sites' requests do not carry it.
 */
export class VisitorCookie {
  readonly #name: string;
  readonly #attributes: string;

  /**
   * @param url - The hub's public URL. On https the cookie is bound to this host and never sent in
   *   the clear.
   */
  constructor(url: string) {
    const isSecure = new URL(url).protocol === "https:";
    this.#name = isSecure ? "__Host-artesian_chat" : "artesian_chat";
    this.#attributes = `${isSecure ? "Path=/; Secure" : "Path=/chat"}; HttpOnly; SameSite=Strict; Max-Age=${MAX_AGE_SECONDS}`;
  }

  /** The secret in the request. Undefined at the first visit. */
  read(request: Request): string | undefined {
    for (const pair of (request.headers.get("Cookie") ?? "").split(";")) {
      const [name, value = ""] = pair.trim().split("=", 2);
      if (name === this.#name && SECRET.test(value)) return value;
    }
    return undefined;
  }

  /** A new visitor's secret. */
  make(): string {
    return randomBytes(SECRET_BYTES).toString("base64url");
  }

  /** The `Set-Cookie` field that stores the secret, or extends its life. */
  write(secret: string): string {
    return `${this.#name}=${secret}; ${this.#attributes}`;
  }
}
