import { render } from "preact";
import "../../shared/ui/base.css";
import "./news.css";
import { NewsPage } from "./news-page.tsx";

const root = document.getElementById("app");
if (root === null) throw new TypeError("The page has no element #app.");
render(<NewsPage />, root);
