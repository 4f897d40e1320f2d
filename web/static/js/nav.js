// On a narrow screen the navigation scrolls sideways; the current page must be in sight.
(function () {
  "use strict";
  document.addEventListener("DOMContentLoaded", function () {
    var current = document.querySelector(".nav [aria-current]");
    if (current) current.closest("ul").scrollLeft = current.offsetLeft - 40;
  });
})();
