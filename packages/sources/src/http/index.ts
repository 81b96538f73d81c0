// Polite HTTP for sources: conditional requests, bounded answers, and a loop with pauses.
export { addressHash, readAddress, shownAddress } from "./address.ts";
export { type AllowAddress, isPublicAddress } from "./address-guard.ts";
export { decodeText } from "./body.ts";
export { checkHttpBounds, conditionalGet, type ConditionalGetOptions, type HttpAnswer, type HttpBounds } from "./conditional-get.ts";
export { checkTiming, type CheckedTiming, type PollClock, pollLoop, type PollTiming, type Round, sleep } from "./poll-loop.ts";
export { startDeadline } from "./deadline.ts";
export { isSameVersion, readValidators, type Validators } from "./validators.ts";
