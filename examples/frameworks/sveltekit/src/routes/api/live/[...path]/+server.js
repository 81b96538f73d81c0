import { hub } from "../../../../lib/server/live.js";

export const fallback = ({ request }) => hub.fetch(request); // All methods.
