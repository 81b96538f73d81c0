import type { Authorization } from "../../core/matching/authorization.ts";

/**
 * Whether a token's holder may administer the hub. The grant must name the admin topic. A grant to
 * publish everywhere makes nobody an administrator.
 *
 * @param hubPath - The path of the hub's URL.
 */
export function isAdmin({ publish }: Authorization, hubPath: string): boolean {
  return publish.some(({ type, pattern }) => type === "exact" && pattern === `${hubPath}/admin`);
}
