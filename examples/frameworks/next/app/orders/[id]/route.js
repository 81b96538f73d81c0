import { cookies } from "next/headers";
import { hub, sessions } from "../../../lib/live.mjs";

// A stream that the application decides on.
export async function GET(request, { params }) {
  const { id } = await params;
  const user = sessions.get((await cookies()).get("sid")?.value);
  return hub.response(request, user && { match: `/orders/${id}`, subject: user });
}
