// The theme that was chosen in the console, which shares this origin: light, dark, or as the system has it.
(() => {
  const KEY = "altlayer-theme";
  const NEXT = { system: "light", light: "dark", dark: "system" };
  const NAMES = { system: "as the system", light: "light", dark: "dark" };
  const root = document.documentElement;
  const chosen = () => {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  };
  const apply = () => {
    const theme = chosen();
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    return theme;
  };
  apply();
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const show = () => {
      button.textContent = `Theme: ${NAMES[apply()]}`;
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = NEXT[chosen()];
      if (next === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, next);
      show();
    });
    show();
  });
})();
