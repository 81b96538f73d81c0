import { hub, sessions } from "../../../lib/server/live.js";

// A stream that the application decides on.
export function GET({ cookies, params, request }) {
  const user = sessions.get(cookies.get("sid"));
  return hub.response(request, user && { match: `/orders/${params.id}`, subject: user });
}
