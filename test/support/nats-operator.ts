import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { nkeys } from "@nats-io/transport-node";
import { temporaryDirectory } from "./directory.ts";

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** An operator with one account, whose users have a token and a key, as `nsc` makes them. */
export class NatsOperator {
  /** For the server's configuration. */
  readonly config: string;
  readonly #account: KeyPair = nkeys.createAccount();

  constructor() {
    const [operator, system] = [nkeys.createOperator(), nkeys.createAccount()];
    const limits = { subs: -1, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, wildcards: true };
    const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
    const tokens = [system, this.#account].map((account) =>
      // JetStream is for accounts other than that of the system.
      tokenOf(operator, account, { type: "account", limits: account === system ? limits : { ...limits, ...storage } }),
    );
    const keys = [system, this.#account].map((account) => account.getPublicKey());
    this.config = [
      `operator: ${tokenOf(operator, operator, { type: "operator" })}`,
      `system_account: ${keys[0]}`,
      "resolver: MEMORY",
      `resolver_preload: { ${keys.map((key, i) => `${key}: ${tokens[i]}`).join(", ")} }`,
    ].join("\n");
  }

  /** @returns The text of a new user's credentials file, and its key, which is secret. */
  user(seconds = 3600): { readonly text: string; readonly seed: string } {
    const user = nkeys.createUser();
    const seed = new TextDecoder().decode(user.getSeed());
    const exp = Math.floor(Date.now() / 1000) + seconds;
    const token = tokenOf(this.#account, user, { type: "user", subs: -1, data: -1, payload: -1 }, { exp });
    const block = (name: string, end: string, body: string): string => `-----BEGIN ${name}-----\n${body}\n------END ${end}------\n`;
    return { text: `${block("NATS USER JWT", "NATS USER JWT", token)}\n${block("USER NKEY SEED", "USER NKEY SEED", seed)}`, seed };
  }
}

/** Puts something into a file of its own. @returns Where it is. */
export function fileOf(text: string): string {
  const path = join(temporaryDirectory("credentials"), "user.creds");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function tokenOf(issuer: KeyPair, subject: KeyPair, nats: object, more: object = {}): string {
  const [iss, sub] = [issuer.getPublicKey(), subject.getPublicKey()];
  const claims = { jti: randomUUID(), iat: Math.floor(Date.now() / 1000), iss, sub, name: sub, nats: { ...nats, version: 2 }, ...more };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(claims)}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString("base64url")}`;
}
