// The map: built-in outlines, facilities and province-level flows read from the tables of the page.
// It asks nobody outside for anything, unless the operator has configured online tiles.
(function () {
  "use strict";
  var KINDS = { utiliser: "--series-1", disposer: "--series-7", collector: "--series-6" };
  // Where flows start and end, and where the name stands clear of plants.
  var PROVINCES = {
    31: { at: [31.1, 121.4], name: [31.02, 122.55], zh: "上海", en: "Shanghai" },
    32: { at: [32.6, 119.7], name: [33.65, 119.7], zh: "江苏", en: "Jiangsu" },
    33: { at: [29.6, 120.2], name: [28.75, 119.75], zh: "浙江", en: "Zhejiang" },
    34: { at: [31.9, 117.4], name: [32.55, 116.25], zh: "安徽", en: "Anhui" },
  };

  function token(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function turned(rings) {
    return rings.map(function (ring) { return ring.map(function (point) { return [point[1], point[0]]; }); });
  }

  // Land first, neighbours over it, the sea last with the land as holes: see web/base_map.py.
  function addOutlines(map, base) {
    var renderer = L.svg({ padding: 1.5, pane: "outlines" });
    var still = { interactive: false, renderer: renderer, pane: "outlines" };
    var around = L.polygon(base.neighbours.coordinates.map(turned), Object.assign({ stroke: false }, still));
    var sea = L.polygon(turned(base.sea.coordinates), Object.assign({ stroke: false, fillRule: "evenodd" }, still));
    var borders = L.polyline(turned(base.borders.coordinates), Object.assign({ weight: 1.2, smoothFactor: 0.5 }, still));
    [around, sea, borders].forEach(function (layer) { layer.addTo(map); });
    return function () {
      around.setStyle({ fillColor: token("--map-around"), fillOpacity: 1 });
      sea.setStyle({ fillColor: token("--map-sea"), fillOpacity: 1 });
      borders.setStyle({ color: token("--map-border") });
    };
  }

  function addNames(map, language) {
    Object.keys(PROVINCES).forEach(function (code) {
      var name = document.createElement("div");
      name.className = "map-label";
      name.textContent = PROVINCES[code][language];
      var icon = L.divIcon({ className: "", html: name, iconSize: [0, 0] });
      L.marker(PROVINCES[code].name, { icon: icon, interactive: false, keyboard: false }).addTo(map);
    });
  }

  function popupOf(row) {
    var box = document.createElement("div");
    var link = row.querySelector("a").cloneNode(true);
    box.append(link);
    Array.from(row.cells).slice(1).forEach(function (cell, n) {
      var line = document.createElement("p");
      line.textContent = row.closest("table").tHead.rows[0].cells[n + 1].textContent + ": " + cell.textContent.trim();
      box.append(line);
    });
    return box;
  }

  function addFacilities(map, table) {
    var most = Math.max.apply(null, Array.from(table.tBodies[0].rows).map(function (row) { return Number(row.dataset.kg) || 1; }));
    var dots = Array.from(table.tBodies[0].rows).map(function (row) {
      var radius = 4 + 9 * Math.sqrt((Number(row.dataset.kg) || 0) / most);
      var dot = L.circleMarker([Number(row.dataset.lat), Number(row.dataset.lon)], { radius: radius, weight: 1.2, fillOpacity: 0.78 });
      dot.kind = row.dataset.kind;
      return dot.bindPopup(function () { return popupOf(row); }).addTo(map);
    });
    return function () {
      dots.forEach(function (dot) {
        dot.setStyle({ color: token("--surface"), fillColor: token(KINDS[dot.kind] || "--series-8") });
      });
    };
  }

  // A bow keeps the two directions apart; its width grows with the root of the mass.
  function bow(from, to) {
    var points = [];
    var side = [(to[1] - from[1]) * 0.16, (from[0] - to[0]) * 0.16];
    var middle = [(from[0] + to[0]) / 2 + side[0], (from[1] + to[1]) / 2 + side[1]];
    for (var t = 0; t <= 1.0001; t += 0.05) {
      points.push([0, 1].map(function (k) {
        return (1 - t) * (1 - t) * from[k] + 2 * (1 - t) * t * middle[k] + t * t * to[k];
      }));
    }
    return points;
  }

  function addFlows(map, table) {
    var rows = Array.from(table.tBodies[0].rows).filter(function (row) { return row.dataset.from !== row.dataset.to && PROVINCES[row.dataset.from] && PROVINCES[row.dataset.to]; });
    if (!rows.length) return function () {};
    var most = Math.max.apply(null, rows.map(function (row) { return Number(row.dataset.kg); }));
    var drawn = rows.map(function (row) {
      var line = bow(PROVINCES[row.dataset.from].at, PROVINCES[row.dataset.to].at);
      var width = 1.5 + 8 * Math.sqrt(Number(row.dataset.kg) / most);
      var words = row.dataset.words;
      var body = L.polyline(line, { weight: width, opacity: 0.55, lineCap: "butt", pane: "flows" }).bindTooltip(words, { sticky: true }).addTo(map);
      var end = L.circleMarker(line[line.length - 1], { radius: 2 + width * 0.55, weight: 0, fillOpacity: 0.9, pane: "flows", interactive: false }).addTo(map);
      return [body, end];
    });
    return function () {
      drawn.forEach(function (pair) {
        pair[0].setStyle({ color: token("--series-2") });
        pair[1].setStyle({ fillColor: token("--series-2") });
      });
    };
  }

  function addOne(map, box) {
    var dot = L.circleMarker([Number(box.dataset.lat), Number(box.dataset.lon)], { radius: 8, weight: 2, fillOpacity: 0.9, interactive: false }).addTo(map);
    return function () { dot.setStyle({ color: token("--surface"), fillColor: token(KINDS[box.dataset.kind]) }); };
  }

  function draw(box) {
    if (!window.L) {
      box.hidden = true; // the table tells it all
      return;
    }
    var map = L.map(box, { zoomSnap: 0.25, minZoom: 5.75, maxZoom: 13, scrollWheelZoom: false, maxBounds: [[25.7, 107.2], [37.2, 125.7]], maxBoundsViscosity: 1, attributionControl: true });
    map.attributionControl.setPrefix(false);
    map.createPane("outlines").style.zIndex = 150;
    map.createPane("flows").style.zIndex = 380;
    if (box.dataset.lat) map.setView([Number(box.dataset.lat), Number(box.dataset.lon)], 7.5);
    else map.fitBounds([[27.9, 115.9], [34.6, 122.4]]);
    var painters = [];
    function paint() { painters.forEach(function (painter) { painter(); }); }
    if (box.dataset.tiles) L.tileLayer(box.dataset.tiles, { attribution: box.dataset.attribution, maxZoom: 13 }).addTo(map);
    else {
      map.attributionControl.addAttribution("Natural Earth · china-geojson");
      fetch(box.dataset.outlines).then(function (answer) { return answer.json(); }).then(function (base) {
        painters.push(addOutlines(map, base));
        paint();
      });
    }
    addNames(map, box.dataset.lang);
    if (box.dataset.lat) painters.push(addOne(map, box));
    if (box.dataset.flows) painters.push(addFlows(map, document.getElementById(box.dataset.flows)));
    if (box.dataset.facilities) painters.push(addFacilities(map, document.getElementById(box.dataset.facilities)));
    paint();
    document.addEventListener("themechange", paint);
    new ResizeObserver(function () { map.invalidateSize(); }).observe(box);
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-map]").forEach(draw);
  });
})();
