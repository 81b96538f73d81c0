import { render } from "preact";
import "../../shared/ui/base.css";
import "./chat.css";
import { ChatPage } from "./chat-page.tsx";

const root = document.getElementById("app");
if (root === null) throw new TypeError("The page has no element #app.");
const room = location.pathname.split("/")[2] ?? "lobby";
render(<ChatPage room={room} />, root);
