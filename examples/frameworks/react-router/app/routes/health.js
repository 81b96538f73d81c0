import { hub } from "../live.server.js";

export const loader = () => Response.json({ streams: hub.stats().subscribers });
