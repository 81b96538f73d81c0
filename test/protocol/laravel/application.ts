import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { CompactEncrypt } from "jose";
import { compatToken } from "../../support/compat-token.ts";
import { listen } from "../../support/server.ts";
import { runPhp } from "../php.ts";

export const SECRET = "a-secret-for-the-test-of-32-bytes-or-more";
export const PUBLIC_URL = "https://hub.example";
const COOKIE = "mercure_access_token";
const HUB_PATH = "/.well-known/mercure";
const PREFIX = "https://laravel.alt/echo/";
const DETAIL = "https://mercure.rocks/authorization-detail";
/** The key of all encrypted channels here; Laravel derives one for each. */
const KEY = new Uint8Array(32).fill(7);

type Action = "publish" | "subscribe";

interface Detail {
  readonly type: typeof DETAIL;
  readonly actions: readonly Action[];
  readonly topics: readonly { readonly match: string; readonly match_type?: "urlpattern" }[];
  readonly payload?: object;
}

/** As PHP's `rawurlencode`. */
const encode = (name: string): string =>
  encodeURIComponent(name).replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
const channelTopic = (name: string): string => `${PREFIX}channel/${encode(name)}`;
const whisperTopic = (name: string): string => `${PREFIX}whisper/${encode(name)}`;
const isGuarded = (name: string): boolean => /^(?:private|presence)-/.test(name);

/** A token as Laravel makes them: `iss` is the application's origin, `aud` the hub's public URL. */
function token(issuer: string, subject: string, details: readonly Detail[], seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  return compatToken(
    {
      iss: issuer,
      aud: `${PUBLIC_URL}${HUB_PATH}`,
      sub: subject,
      client_id: issuer,
      iat: now,
      exp: now + seconds,
      jti: Math.random().toString(16).slice(2),
      ...(details.length > 0 && { authorization_details: details }),
    },
    SECRET,
    { typ: "at+jwt" },
  );
}

/** The rights of a user who has joined these channels. */
function detailsFor(user: string, names: readonly string[]): readonly Detail[] {
  const guarded = names.filter(isGuarded);
  const detail = (actions: readonly Action[], topics: readonly string[]): Detail => ({
    type: DETAIL,
    actions,
    topics: topics.map((match) => ({ match })),
  });
  const inPrivate = guarded.filter((name) => !name.startsWith("presence-")).map(channelTopic);
  const present = guarded
    .filter((name) => name.startsWith("presence-"))
    .map(channelTopic)
    .map((topic): Detail => ({
      type: DETAIL,
      actions: ["subscribe"],
      topics: [
        { match: topic },
        { match: `${HUB_PATH}/subscriptions/:match_type/${encode(topic)}{/:subscriber}?`, match_type: "urlpattern" },
      ],
      payload: { user_id: user },
    }));
  return [
    ...(inPrivate.length > 0 ? [detail(["subscribe"], inPrivate)] : []),
    ...present,
    ...(guarded.length > 0 ? [detail(["subscribe", "publish"], guarded.map(whisperTopic))] : []),
  ];
}

/**
 * A server with an empty page and the endpoint that authorizes channels as Laravel's broadcaster does. The user is in the page's
 * address.
 *
 * @param seconds - How long a token lasts.
 */
export function startApplication(seconds: number): Promise<string> {
  return listen(
    createServer((req, res) => {
      void (async () => {
        const { pathname, searchParams } = new URL(req.url ?? "", "http://localhost");
        if (pathname !== "/broadcasting/auth") return res.setHeader("Content-Type", "text/html").end("<!doctype html>");
        const { channel_names: names } = (await json(req)) as { readonly channel_names: readonly string[] };
        const user = searchParams.get("user") ?? "";
        const cookie = `${COOKIE}=${token(`http://${req.headers.host}`, user, detailsFor(user, names), seconds)}`;
        res.setHeader("Set-Cookie", `${cookie}; Path=${HUB_PATH}; HttpOnly; SameSite=Strict; Max-Age=${seconds}`);
        res.setHeader("Content-Type", "application/json");
        const jwk = { kty: "oct", alg: "A256GCM", k: Buffer.from(KEY).toString("base64url") };
        const entries = names.map((name) => ({ name, ...(name.startsWith("private-encrypted-") && { jwk }) }));
        return res.end(JSON.stringify({ channel_names: entries, expires_in: seconds, topic_prefix: PREFIX, client_events: true }));
      })();
    }),
  );
}

/** Broadcasts an event with Symfony's library, as Laravel does: one update for all public channels, one for each guarded one. */
export async function broadcast(issuer: string, url: string, channels: readonly string[], event: string, payload: object): Promise<void> {
  const shared = channels.filter((name) => !isGuarded(name));
  const updates: { readonly topics: readonly string[]; readonly data: string; readonly private: boolean }[] = [];
  if (shared.length > 0)
    updates.push({ topics: shared.map(channelTopic), data: JSON.stringify({ channels: shared, event, payload }), private: false });
  for (const name of channels.filter(isGuarded)) {
    const sealed = name.startsWith("private-encrypted-")
      ? {
          data: await new CompactEncrypt(Buffer.from(JSON.stringify({ event, payload })))
            .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
            .encrypt(KEY),
        }
      : { event, payload };
    updates.push({ topics: [channelTopic(name)], data: JSON.stringify({ channels: [name], ...sealed }), private: true });
  }
  const publisher = token(issuer, issuer, [{ type: DETAIL, actions: ["publish"], topics: [{ match: "*" }] }], 60);
  await runPhp("publish", { url, token: publisher, updates }).done;
}
