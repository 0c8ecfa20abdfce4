// Starts the design system's own behaviour: menus, error summaries, password fields.
import { initAll } from "./vendor/govuk-frontend.min.js";

initAll();
