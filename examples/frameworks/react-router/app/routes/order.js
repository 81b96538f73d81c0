import { hub, sessionOf } from "../live.server.js";

// A stream that the application decides on.
export async function loader({ params, request }) {
  const user = (await sessionOf(request)).get("user");
  return hub.response(request, user && { match: `/orders/${params.id}`, subject: user });
}
