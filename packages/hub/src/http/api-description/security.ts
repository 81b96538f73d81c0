import { COMPAT_COOKIE, COMPAT_PARAMETER } from "../compat/names.ts";
import type { DescribedHub, Security } from "./types.ts";

/** A way to present an access token. OpenAPI and AsyncAPI differ in the name of an API key's type. */
export type SecurityScheme = { readonly description: string } & (
  | { readonly type: "http"; readonly scheme: "bearer"; readonly bearerFormat: "JWT" }
  | { readonly type: "apiKey"; readonly in: "cookie" | "query"; readonly name: string }
);

/** The ways to present a token that the hub reads. */
export function securitySchemes({ cookieName, compat }: DescribedHub): Readonly<Record<string, SecurityScheme>> {
  return {
    bearer: {
      type: "http",
      scheme: "bearer",
      bearerFormat: "JWT",
      description: "An access token in `Authorization`. This field wins over a cookie.",
    },
    cookie: {
      type: "apiKey",
      in: "cookie",
      name: cookieName,
      description:
        "An access token in a cookie, for `EventSource` in browsers. A publish with the cookie must come from a page of the hub's own origin, or of an origin that the hub lists.",
    },
    ...(compat !== undefined && {
      compatParameter: {
        type: "apiKey",
        in: "query",
        name: COMPAT_PARAMETER,
        description: "An access token in the URL, as in Mercure 0.x. URLs end up in logs: prefer the other ways.",
      } as const,
      compatCookie: {
        type: "apiKey",
        in: "cookie",
        name: COMPAT_COOKIE,
        description: "An access token in the cookie of Mercure 0.x.",
      } as const,
    }),
  };
}

/**
 * The alternatives by which a request may be allowed.
 *
 * @param isOpen - Whether a request without a token may be allowed.
 */
export function securityOf(hub: DescribedHub, isOpen: boolean): Security {
  const schemes = Object.keys(securitySchemes(hub)).map((name) => ({ [name]: [] }));
  return isOpen || hub.asksApp ? [{}, ...schemes] : schemes;
}
