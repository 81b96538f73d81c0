import { index, route } from "@react-router/dev/routes";

export default [
  index("routes/home.jsx"),
  route("api/live/*", "routes/live.js"),
  route("login", "routes/login.js"),
  route("logout", "routes/logout.js"),
  route("notify/:user", "routes/notify.js"),
  route("orders/:id", "routes/order.js"),
  route("health", "routes/health.js"),
];
