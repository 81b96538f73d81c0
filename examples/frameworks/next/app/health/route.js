import { hub } from "../../lib/live.mjs";

export const dynamic = "force-dynamic"; // By default Next.js answers with what it found at the build.

export const GET = () => Response.json({ streams: hub.stats().subscribers });
