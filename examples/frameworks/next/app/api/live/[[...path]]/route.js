import { hub } from "../../../../lib/live.mjs";

export const GET = hub.fetch;
export const POST = hub.fetch;
export const DELETE = hub.fetch;
export const OPTIONS = hub.fetch;
