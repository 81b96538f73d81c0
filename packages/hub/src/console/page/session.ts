import { ClientError } from "artesian-client";
import type { About } from "../server/wire.ts";
import { tabStorage } from "artesian-ui/storage.ts";
import { ConsoleApi } from "./api.ts";

/** Stored for this tab alone, until the tab is closed. */
const STORED = "artesian.console.token";

const MAX_RETRY_MS = 10_000;

/** The access of this page. */
export type Access =
  | { readonly kind: "asking"; /** Whether the hub does not answer. */ readonly isSilent?: boolean }
  | {
      readonly kind: "door";
      readonly problem: Refusal | undefined;
      /** Undefined if it is not known. */ readonly hubUrl: string | undefined;
    }
  | { readonly kind: "in"; readonly api: ConsoleApi; readonly about: About };

/** Why the token is not accepted. `ended`: the token was accepted until now. */
export type Refusal = "not_accepted" | "not_admin" | "malformed" | "ended";

/** A token with other characters could not even be sent. */
const TOKEN = /^[\w.~+/-]+=*$/;

/** Determines whether the console is open, and otherwise keeps the administrator's token. */
export class Session {
  readonly #onAccess: (access: Access) => void;
  #round = 0;
  #hubUrl: string | undefined;

  constructor(onAccess: (access: Access) => void) {
    this.#onAccess = onAccess;
    void this.#open(tabStorage.getItem(STORED) ?? undefined, false);
  }

  enter(pasted: string): void {
    // A token that was copied from a terminal may contain line breaks.
    const token = pasted.replaceAll(/\s+/g, "").replace(/^Bearer/i, "");
    if (TOKEN.test(token)) void this.#open(token, false);
    else this.#showDoor("malformed");
  }

  /** The stream was refused. The token may have expired. */
  recheck(): void {
    void this.#open(tabStorage.getItem(STORED) ?? undefined, true);
  }

  leave(): void {
    this.#round += 1;
    tabStorage.removeItem(STORED);
    this.#showDoor(undefined);
  }

  #showDoor(problem: Refusal | undefined): void {
    this.#onAccess({ kind: "door", problem, hubUrl: this.#hubUrl });
  }

  async #open(token: string | undefined, wasIn: boolean): Promise<void> {
    const round = ++this.#round;
    if (!wasIn) this.#onAccess({ kind: "asking" });
    const api = new ConsoleApi(token);
    for (let delayMs = 500; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_MS)) {
      try {
        const about = await api.about();
        if (round !== this.#round) return;
        if (token !== undefined) tabStorage.setItem(STORED, token);
        if (!wasIn) this.#onAccess({ kind: "in", api, about });
        return;
      } catch (error) {
        if (round !== this.#round) return;
        const status = error instanceof ClientError ? error.status : undefined;
        if (status === 401 || status === 403) {
          tabStorage.removeItem(STORED);
          const refusal = wasIn ? "ended" : status === 403 ? "not_admin" : "not_accepted";
          this.#hubUrl = api.hubUrl ?? this.#hubUrl;
          this.#showDoor(token === undefined ? undefined : refusal);
          return;
        }
        if (!wasIn) this.#onAccess({ kind: "asking", isSilent: true });
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        if (round !== this.#round) return;
      }
    }
  }
}
