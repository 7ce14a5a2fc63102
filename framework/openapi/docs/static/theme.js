/* Sets the theme that the reader has chosen before anything is drawn. */
"use strict";

try {
  const theme = localStorage.getItem("docs-theme");
  if (theme === "light" || theme === "dark") {
    document.documentElement.dataset.theme = theme;
  }
} catch {
  /* Storage is forbidden: the theme is that of the system. */
}
