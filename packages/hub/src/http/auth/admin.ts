import type { Authorization } from "../../core/matching/authorization.ts";

/**
 * Whether a token's holder may administer the hub. The grant must name the admin topic. A grant to
 * publish everywhere makes nobody an administrator.
 *
 * @param hubPath - The path of the hub's URL.
 */
export function isAdmin({ publish }: Authorization, hubPath: string): boolean {
  return names(publish, `${hubPath}/admin`);
}

/**
 * Whether a token's holder may watch the hub: read the metrics, and the console without its orders.
 * The grant must name the monitor topic, or the admin topic.
 *
 * @param hubPath - The path of the hub's URL.
 */
export function isMonitor(authorization: Authorization, hubPath: string): boolean {
  return names(authorization.publish, `${hubPath}/monitor`) || isAdmin(authorization, hubPath);
}

function names(grants: Authorization["publish"], topic: string): boolean {
  return grants.some(({ type, pattern }) => type === "exact" && pattern === topic);
}
