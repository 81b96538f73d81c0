/** The earlier version of the protocol that a hub may also speak. */
export type Compat = "0.x";

/** The cookie that clients of Mercure 0.x bring their token in, beside the configured one. */
export const COMPAT_COOKIE = "mercureAuthorization";

/** The parameter of the URL's query that clients of Mercure 0.x may put their token in. */
export const COMPAT_PARAMETER = "authorization";
