// Light and dark: as the system says, or as the reader chooses; paper is always light.

function followTheme(button, redraw) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const apply = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    themeColours.clear();
    redraw();
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}

function printLight(draw) {
  const root = document.documentElement;
  let before = null;
  addEventListener("beforeprint", () => {
    before = { theme: root.dataset.theme, closed: [...document.querySelectorAll("details.on-paper:not([open])")] };
    root.dataset.theme = "light";
    for (const details of before.closed) details.open = true;
    themeColours.clear();
    draw();
  });
  addEventListener("afterprint", () => {
    if (before.theme) root.dataset.theme = before.theme;
    else delete root.dataset.theme;
    for (const details of before.closed) details.open = false;
    themeColours.clear();
    draw();
  });
}

/** Escape takes away the explanation of a word that has the focus or the pointer, until it is left. */
function hideExplanations() {
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const term of document.querySelectorAll(".term:hover, .term:focus-within")) term.classList.add("silent");
  });
  for (const name of ["focusout", "mouseout"]) {
    addEventListener(name, (event) => event.target.closest?.(".term")?.classList.remove("silent"));
  }
}
