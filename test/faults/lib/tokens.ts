import { mintToken } from "artesian/http";

const ISSUER = "https://faults.example";
const AUDIENCE = "https://faults.example/.well-known/mercure";

/** The secret that the tokens of a run are signed with; it goes to the server in `ARTESIAN_JWT_KEY`. */
export const SERVER_SECRET = "a secret for faults, of at least thirty-two bytes";

/** What each server of the harness is started with: publishers need a token, subscribers one for what is private. Who is cut off comes back soon. */
export const SERVER_FLAGS: readonly string[] = [
  `--issuer=${ISSUER}`,
  `--resource-identifier=${AUDIENCE}`,
  "--anonymous",
  "--retry-min=100ms",
  "--retry-max=200ms",
  "--log-level=warn",
];

/** Longer than any run, also where the clock is set. */
const LIFETIME_SECONDS = 20 * 365 * 24 * 3600;

/** @param rights - Topics that may be published to, and those whose private updates may be read. `*` is all. */
export function mint(rights: { readonly publish?: readonly string[]; readonly subscribe?: readonly string[] }): Promise<string> {
  const exact = (topics: readonly string[] = []): { type: "exact"; pattern: string }[] =>
    topics.map((pattern) => ({ type: "exact" as const, pattern }));
  const subscribe = exact(rights.subscribe);
  return mintToken({
    key: { secret: SERVER_SECRET, algorithm: "HS256" },
    issuer: ISSUER,
    audience: AUDIENCE,
    subject: "faults",
    publish: exact(rights.publish),
    subscribe: subscribe.length === 0 ? [] : [{ topics: subscribe, payload: undefined }],
    lifetimeSeconds: LIFETIME_SECONDS,
  });
}
