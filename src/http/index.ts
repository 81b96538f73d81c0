// HTTP without a hub's factory: for servers that are put together by hand.
export { addressKey, type ConnectionLimits } from "./connections.ts";
export { createGuard, type GuardOptions, LOOPBACK_HOSTS } from "./guard.ts";
export { problemReply, STATUS_BY_CODE } from "./problem.ts";
export { ALIAS_PATH, type Reply } from "./reply.ts";
