/**
 * Whether `If-None-Match` has a tag. The comparison is weak, since a proxy that compresses makes
 * tags weak.
 *
 * @param field - The header field, if the request has one.
 * @see RFC 9110, 13.1.2 "If-None-Match".
 */
export function hasTag(field: string | null | undefined, etag: string | undefined): boolean {
  const tags = field?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.some((tag) => tag === "*" || tag === etag);
}
