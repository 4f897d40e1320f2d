// Runs before anything is painted: the stored choice, else what the system prefers.
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");

  function stored() {
    try {
      return window.localStorage.getItem("theme");
    } catch (refused) {
      return null; // storage is switched off; the system's preference is good enough
    }
  }

  function apply() {
    root.dataset.theme = stored() || (system.matches ? "dark" : "light");
  }

  apply();
  system.addEventListener("change", function () {
    apply();
    announce();
  });

  function announce() {
    document.querySelectorAll("[data-theme-toggle]").forEach(function (button) {
      button.textContent = root.dataset.theme === "dark" ? button.dataset.light : button.dataset.dark;
      button.hidden = false;
    });
    document.dispatchEvent(new CustomEvent("themechange"));
  }

  document.addEventListener("DOMContentLoaded", function () {
    announce();
    document.addEventListener("click", function (event) {
      var button = event.target.closest("[data-theme-toggle]");
      if (!button) return;
      var next = root.dataset.theme === "dark" ? "light" : "dark";
      root.dataset.theme = next;
      try {
        window.localStorage.setItem("theme", next);
      } catch (refused) {
        // the choice lasts as long as the page
      }
      announce();
    });
  });
})();
