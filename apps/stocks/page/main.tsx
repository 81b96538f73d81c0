import { render } from "preact";
import "../../shared/ui/base.css";
import "./stocks.css";
import { StocksPage } from "./stocks-page.tsx";

const root = document.getElementById("app");
if (root === null) throw new TypeError("The page has no element #app.");
render(<StocksPage origin={location.origin} />, root);
