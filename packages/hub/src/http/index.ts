// HTTP without a hub's factory: for servers that are put together by hand.
export { mintToken, type IssuerOptions, type KeyOptions, type MintOptions, type SigningKey } from "./auth/index.ts";
export { addressKey } from "../core/address-key.ts";
export { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from "./admission/connections.ts";
export { DEFAULT_STREAM_RESETS, type StreamResetLimits } from "./admission/stream-resets.ts";
export { createGuard, type GuardOptions, LOOPBACK_HOSTS } from "./admission/guard.ts";
export { problemReply, STATUS_BY_CODE } from "./reply/problem.ts";
export { ALIAS_PATH, type Reply } from "./reply/reply.ts";
