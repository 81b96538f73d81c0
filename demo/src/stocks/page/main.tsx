import "../../shared/ui/no-start.ts";
import "../../shared/ui/base.css";
import "./stocks.css";
import { startPage } from "../../shared/ui/start-page.tsx";
import { StocksPage } from "./stocks-page.tsx";

startPage(<StocksPage origin={location.origin} />);
