/** The earlier version of the protocol that a hub may also speak. */
export type Compat = "0.x";

/** The token cookie of Mercure 0.x clients, accepted beside the configured cookie. */
export const COMPAT_COOKIE = "mercureAuthorization";

/** The query parameter in which Mercure 0.x clients may put their token. */
export const COMPAT_PARAMETER = "authorization";
