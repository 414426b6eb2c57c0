/**
 * Entry of the console's pages.
 */
import { render } from "preact";
import "../kit/theme.css";

render(<main>Aquila</main>, document.getElementById("page") ?? document.body);
