// Draws the sankey from the table beside it: one truth, readable without a chart.
// Colours come from the stylesheet's tokens and are read again when the theme changes.
(function () {
  "use strict";
  var MOST_BANDS = 8;

  function token(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function readFlows(table) {
    return Array.from(table.tBodies[0].rows).map(function (row) {
      var words = Array.from(row.cells).map(function (cell) { return cell.textContent.trim(); });
      return { origin: words[0], stream: words[1], operation: words[2], kg: Number(row.dataset.kg), unmatched: "unmatched" in row.dataset };
    });
  }

  // What is small shares one band, or the labels of a narrow diagram would lie on each other.
  function withFew(flows, field, other) {
    var total = new Map();
    flows.forEach(function (flow) { total.set(flow[field], (total.get(flow[field]) || 0) + flow.kg); });
    var largest = Array.from(total).sort(function (a, b) { return b[1] - a[1]; }).slice(0, MOST_BANDS);
    var kept = new Set(largest.map(function (pair) { return pair[0]; }));
    return flows.map(function (flow) {
      if (kept.has(flow[field]) || (field === "operation" && flow.unmatched)) return flow;
      return Object.assign({}, flow, { [field]: other });
    });
  }

  // The same word may stand in two layers, so a node is named by its layer and its word.
  function graphOf(flows) {
    var nodes = new Map();
    var links = new Map();
    function add(from, to, kg) {
      var key = from + "\n" + to;
      links.set(key, { source: from, target: to, value: (links.has(key) ? links.get(key).value : 0) + kg });
    }
    flows.forEach(function (flow) {
      var names = ["0" + flow.origin, "1" + flow.stream, "2" + flow.operation];
      names.forEach(function (name, depth) {
        var node = nodes.get(name) || { name: name, depth: depth, kg: 0, unmatched: depth === 2 && flow.unmatched };
        node.kg += flow.kg;
        nodes.set(name, node);
      });
      add(names[0], names[1], flow.kg);
      add(names[1], names[2], flow.kg);
    });
    return { nodes: Array.from(nodes.values()), links: Array.from(links.values()) };
  }

  function tonnes(kg, box) {
    var format = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: kg < 1e5 ? 1 : 0 });
    return format.format(kg / 1000) + " " + box.dataset.unit;
  }

  function escaped(text) {
    var holder = document.createElement("span");
    holder.textContent = text;
    return holder.innerHTML;
  }

  function optionOf(graph, box) {
    var ink = token("--ink");
    var palette = [1, 2, 3, 4, 5, 6, 7, 8].map(function (n) { return token("--series-" + n); });
    var narrow = box.clientWidth < 560;
    var whole = graph.nodes.reduce(function (sum, node) { return sum + (node.depth ? 0 : node.kg); }, 0);
    graph.nodes.forEach(function (node, n) {
      node.itemStyle = { color: node.unmatched ? token("--bad") : palette[n % palette.length] };
      // A sliver's label would lie on its neighbour's; the tooltip and the table still tell it.
      node.label = { show: node.kg > whole * (narrow ? 0.03 : 0.008), position: node.depth === 2 ? "left" : "right" };
    });
    return {
      animation: false,
      textStyle: { fontFamily: token("--sans") },
      tooltip: {
        backgroundColor: token("--surface"), borderColor: token("--line"), textStyle: { color: ink }, confine: true,
        formatter: function (it) {
          var words = it.dataType === "edge" ? it.data.source.slice(1) + " → " + it.data.target.slice(1) : it.name.slice(1);
          return escaped(words) + "<br><strong>" + escaped(tonnes(it.value, box)) + "</strong>";
        },
      },
      series: [{
        type: "sankey", left: 2, right: 2, top: 8, bottom: 8, nodeGap: narrow ? 9 : 12, nodeWidth: narrow ? 9 : 14,
        data: graph.nodes, links: graph.links, draggable: false, emphasis: { focus: "adjacency" },
        label: {
          color: ink, fontSize: narrow ? 11 : 13, textBorderColor: token("--surface"), textBorderWidth: 3,
          overflow: "truncate", width: narrow ? 92 : 240,
          formatter: function (it) { return it.name.slice(1); },
        },
        lineStyle: { color: "gradient", opacity: 0.32, curveness: 0.5 },
      }],
    };
  }

  function draw(box) {
    var table = document.getElementById(box.dataset.sankey);
    var flows = table ? readFlows(table) : [];
    if (!window.echarts || !flows.length) {
      box.hidden = true; // the table tells it all
      var details = box.parentNode.querySelector("details");
      if (details) details.open = true;
      return;
    }
    var graph = graphOf(withFew(withFew(flows, "stream", box.dataset.otherStreams), "operation", box.dataset.otherOperations));
    var chart = window.echarts.init(box, null, { renderer: "svg" });
    function paint() {
      chart.setOption(optionOf(graph, box), true);
    }
    paint();
    document.addEventListener("themechange", paint);
    new ResizeObserver(function () {
      chart.resize();
      paint();
    }).observe(box);
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-sankey]").forEach(draw);
  });
})();
