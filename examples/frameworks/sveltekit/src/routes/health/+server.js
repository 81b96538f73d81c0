import { json } from "@sveltejs/kit";
import { hub } from "../../lib/server/live.js";

export const GET = () => json({ streams: hub.stats().subscribers });
