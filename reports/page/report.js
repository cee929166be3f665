// Draws the charts of latency against accuracy, in the colours of the style sheet, and keeps them
// right when the colour scheme changes or the page is printed; lets tables be sorted.
"use strict";

(() => {
  const SHAPES = ["circle", "rectRot", "triangle", "rect", "star", "crossRot", "rectRounded"];
  const charts = [];

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue(name).trim();
    return {
      ink: get("--ink"),
      soft: get("--soft"),
      line: get("--line"),
      paper: get("--paper"),
      series: get("--series").split(/\s+/),
    };
  }

  const unique = (values) => [...new Set(values)];

  // The area of a point is proportional to the size of the file, between two sizes one can see.
  function radius(point, largest) {
    return 4 + 9 * Math.sqrt(largest > 0 ? point.megabytes / largest : 0);
  }

  // The 95 % intervals, behind the points.
  const intervals = {
    id: "intervals",
    beforeDatasetsDraw(chart) {
      const { ctx, scales } = chart;
      ctx.save();
      ctx.lineWidth = 1.25;
      for (const dataset of chart.data.datasets) {
        if (dataset.type === "line") continue;
        ctx.strokeStyle = dataset.borderColor;
        ctx.globalAlpha = 0.5;
        for (const { x, source } of dataset.data) {
          const px = scales.x.getPixelForValue(x);
          ctx.beginPath();
          ctx.moveTo(px, scales.y.getPixelForValue(source.low));
          ctx.lineTo(px, scales.y.getPixelForValue(source.high));
          ctx.stroke();
        }
      }
      ctx.restore();
    },
  };

  // More points than this are not all named, only those that none beats.
  const MAX_NAMED = 12;

  // Names beside the points, where there is room; the tooltip has them all.
  const names = {
    id: "names",
    afterDatasetsDraw(chart) {
      const { ctx, chartArea } = chart;
      const theme = colours();
      const taken = [];
      const points = [];
      chart.data.datasets.forEach((dataset, i) => {
        if (dataset.type === "line") return;
        chart.getDatasetMeta(i).data.forEach((element, j) => {
          const source = dataset.data[j].source;
          const r = dataset.pointRadius[j];
          points.push({ x: element.x, y: element.y, r, source });
          taken.push([element.x - r, element.y - r, element.x + r, element.y + r]);
        });
      });
      const free = (box) =>
        box[0] >= chartArea.left && box[2] <= chartArea.right &&
        box[1] >= chartArea.top && box[3] <= chartArea.bottom &&
        taken.every((t) => box[2] < t[0] || box[0] > t[2] || box[3] < t[1] || box[1] > t[3]);
      ctx.save();
      ctx.font = "12px " + Chart.defaults.font.family;
      ctx.fillStyle = theme.ink;
      ctx.strokeStyle = theme.paper; // a halo, so that lines do not cross the letters
      ctx.lineWidth = 3;
      ctx.lineJoin = "round";
      ctx.textBaseline = "middle";
      points.sort((a, b) => Number(b.source.front) - Number(a.source.front));
      for (const { x, y, r, source } of points) {
        if (points.length > MAX_NAMED && !source.front) continue;
        const width = ctx.measureText(source.label).width;
        const places = [
          [x + r + 5, y], [x - r - 5 - width, y],
          [x + 6, y - r - 9], [x + 6, y + r + 9],
          [x - width - 6, y - r - 9], [x - width - 6, y + r + 9],
        ];
        for (const [left, middle] of places) {
          const box = [left - 2, middle - 7, left + width + 2, middle + 7];
          if (!free(box)) continue;
          ctx.strokeText(source.label, left, middle);
          ctx.fillText(source.label, left, middle);
          taken.push(box);
          break;
        }
      }
      ctx.restore();
    },
  };

  function makeDatasets(points, theme) {
    const largest = Math.max(...points.map((p) => p.megabytes));
    // Float, with which all are compared, is always the neutral first colour.
    const quantizers = unique(["float", ...points.map((p) => p.quantizer)]);
    const datasets = quantizers.map((quantizer, i) => {
      const own = points.filter((p) => p.quantizer === quantizer);
      const colour = theme.series[i % theme.series.length];
      return {
        label: quantizer,
        data: own.map((p) => ({ x: p.ms, y: p.top1, source: p })),
        borderColor: colour,
        backgroundColor: colour,
        pointBackgroundColor: own.map((p) => (p.valid ? colour + "cc" : theme.paper)),
        pointBorderColor: colour,
        pointBorderWidth: 1.5,
        pointRadius: own.map((p) => radius(p, largest)),
        pointHoverRadius: own.map((p) => radius(p, largest) + 1),
        // A second sign beside the colour; the ninth has the first colour again, and a shape of its own.
        pointStyle: SHAPES[i % SHAPES.length],
      };
    });
    const front = points.filter((p) => p.front).sort((a, b) => a.ms - b.ms);
    datasets.push({
      type: "line",
      label: "front",
      data: front.map((p) => ({ x: p.ms, y: p.top1 })),
      borderColor: theme.soft,
      borderWidth: 1,
      borderDash: [4, 4],
      pointRadius: 0,
      pointHitRadius: 0,
      order: 1,
    });
    return datasets;
  }

  // Round numbers between low and high: 1, 2, 5, 10, …, and more of them where the range is small.
  function roundNumbers(low, high) {
    const digits = high / low > 12 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
    const values = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); ++e) {
      for (const digit of digits) values.push(Number((digit * 10 ** e).toPrecision(2)));
    }
    return values.filter((value) => value >= low && value <= high);
  }

  function options(points, theme) {
    const times = points.map((p) => p.ms);
    const shortest = Math.min(...times) / 1.35;
    const longest = Math.max(...times) * 1.6;
    const low = Math.min(...points.map((p) => p.low));
    const high = Math.max(...points.map((p) => p.high));
    const margin = Math.max(0.5, (high - low) * 0.08);
    const title = (text) => ({ display: true, text, color: theme.soft });
    return {
      animation: false,
      maintainAspectRatio: false,
      devicePixelRatio: Math.max(2, window.devicePixelRatio || 1),
      scales: {
        x: {
          type: "logarithmic",
          min: shortest,
          max: longest,
          title: title("median latency, ms (logarithmic)"),
          grid: { color: theme.line, borderColor: theme.soft },
          ticks: { color: theme.soft, callback: (value) => String(value), maxRotation: 0 },
          afterBuildTicks: (axis) => {
            axis.ticks = roundNumbers(shortest, longest).map((value) => ({ value }));
          },
        },
        y: {
          min: Math.max(0, low - margin),
          max: Math.min(100, high + margin),
          title: title("top-1, %"),
          grid: { color: theme.line, borderColor: theme.soft },
          ticks: { color: theme.soft, precision: 1, includeBounds: false },
        },
      },
      plugins: {
        legend: {
          align: "start",
          labels: {
            color: theme.ink,
            usePointStyle: true,
            boxWidth: 8,
            boxHeight: 8,
            filter: (item, data) =>
              item.text !== "front" && data.datasets[item.datasetIndex].data.length > 0,
          },
        },
        tooltip: {
          displayColors: false,
          filter: (item) => item.raw.source !== undefined,
          callbacks: {
            title: (items) => items.map((item) => item.raw.source.name).join("\n"),
            label: (item) => item.raw.source.text,
          },
        },
      },
    };
  }

  function draw(entry) {
    const theme = colours();
    if (entry.chart) entry.chart.destroy();
    entry.chart = new Chart(entry.canvas, {
      type: "scatter",
      data: { datasets: makeDatasets(entry.points, theme) },
      options: options(entry.points, theme),
      plugins: [intervals, names],
    });
  }

  function redrawAll() {
    charts.forEach(draw);
  }

  function print(on) {
    document.documentElement.classList.toggle("printing", on);
    for (const details of document.querySelectorAll(".recommendation details")) {
      if (on) details.dataset.wasOpen = details.open ? "yes" : "";
      details.open = on || details.dataset.wasOpen === "yes";
    }
    redrawAll();
  }

  // What a cell is sorted by: its number, else its text; nothing where nothing was measured.
  function keyOf(cell) {
    const text = cell.textContent.trim();
    if (text === "" || text === "–") return null;
    if (cell.dataset.sort !== undefined) return Number(cell.dataset.sort);
    if (!cell.classList.contains("number")) return text;
    const number = text.replace(/[,×≈%▼]/g, "").replace("−", "-").replace("±", "").trim();
    const value = parseFloat(number);
    return Number.isNaN(value) ? text : value;
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, "en", { numeric: true });
  }

  // Rows of equal keys keep their order, and what was not measured stays at the end.
  function sortRows(table, column, sign) {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column]) }));
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
      return sign * compare(a.key, b.key);
    });
    body.append(...rows.map(({ row }) => row));
  }

  function makeSortable(table) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const up = heading.getAttribute("aria-sort") !== "ascending";
        headings.forEach((other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", up ? "ascending" : "descending");
        for (const row of table.tBodies[0].rows) row.classList.remove("new-model");
        sortRows(table, column, up ? 1 : -1);
      });
    });
  }

  document.querySelectorAll("table.sortable").forEach(makeSortable);

  // A picture opens large, with what stands below it; Escape or a click closes it.
  function makeOpenable(image) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-haspopup", "dialog");
    image.replaceWith(button);
    button.append(image);
    button.addEventListener("click", () => {
      const dialog = document.createElement("dialog");
      dialog.setAttribute("aria-label", image.alt);
      const texts = [...button.parentElement.querySelectorAll("p")];
      dialog.append(image.cloneNode(), ...texts.map((text) => text.cloneNode(true)));
      const close = document.createElement("button");
      close.type = "button";
      close.textContent = "Close";
      dialog.append(close);
      dialog.addEventListener("click", () => dialog.close());
      dialog.addEventListener("close", () => dialog.remove());
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  document.querySelectorAll(".flips img").forEach(makeOpenable);

  if (window.Chart) {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    for (const data of document.querySelectorAll("script.chart-data")) {
      const canvas = data.parentElement.querySelector("canvas");
      charts.push({ canvas, points: JSON.parse(data.textContent).points, chart: null });
    }
  }
  redrawAll();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));
})();
