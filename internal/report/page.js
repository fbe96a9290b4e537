
(() => {
	"use strict";
	const charts = JSON.parse(document.getElementById("data").textContent).charts;
	const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
	const number = v => v == null ? "–" : Math.abs(v) >= 1e6 ? v.toExponential(3) : String(Number(v.toPrecision(5)));

	// marks draws vertical lines, with labels where they have some.
	const labels = spec => (spec.marks || []).filter(m => m.label).length;
	const marks = spec => u => {
		const { ctx, bbox } = u, ratio = devicePixelRatio;
		ctx.save();
		ctx.font = `${11 * ratio}px system-ui, sans-serif`;
		ctx.textAlign = "left";
		ctx.textBaseline = "alphabetic";
		ctx.fillStyle = ctx.strokeStyle = colour("--soft");
		ctx.lineWidth = ratio;
		const rows = labels(spec), texts = [];
		let end = -Infinity, row = 0;
		for (const mark of spec.marks || []) {
			const x = Math.round(u.valToPos(mark.x, "x", true));
			if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
			let top = bbox.top;
			if (mark.label) {
				const width = ctx.measureText(mark.label).width, pad = 4 * ratio;
				const left = x + pad + width > bbox.left + bbox.width ? x - pad - width : x + pad;
				row = left < end ? row + 1 : 0;
				end = left + width + pad;
				top -= (rows - row) * 14 * ratio;
				texts.push({ text: mark.label, left, top, width });
			}
			ctx.globalAlpha = mark.label ? 1 : .35;
			ctx.setLineDash(mark.label ? [4 * ratio, 3 * ratio] : []);
			ctx.beginPath();
			ctx.moveTo(x, top);
			ctx.lineTo(x, bbox.top + bbox.height);
			ctx.stroke();
		}
		ctx.globalAlpha = 1;
		for (const { text, left, top, width } of texts) {
			ctx.fillStyle = colour("--card");
			ctx.fillRect(left - 2 * ratio, top, width + 4 * ratio, 13 * ratio);
			ctx.fillStyle = colour("--soft");
			ctx.fillText(text, left, top + 10 * ratio);
		}
		ctx.restore();
	};

	// names writes the names of the points beside them.
	const names = spec => u => {
		if (!spec.names) return;
		const { ctx, bbox } = u, ratio = devicePixelRatio;
		ctx.save();
		ctx.font = `${12 * ratio}px system-ui, sans-serif`;
		ctx.textBaseline = "alphabetic";
		ctx.fillStyle = colour("--ink");
		const taken = [];
		spec.names.forEach((name, i) => {
			if (!name) return;
			const row = spec.series.find(s => s.values[i] != null);
			if (!row) return;
			const x = u.valToPos(spec.x[i], "x", true);
			let y = u.valToPos(row.values[i], "y", true);
			while (taken.some(t => Math.abs(t.x - x) < 90 * ratio && Math.abs(t.y - y) < 13 * ratio)) y += 14 * ratio;
			taken.push({ x, y });
			const right = x > bbox.left + bbox.width / 2;
			ctx.textAlign = right ? "right" : "left";
			ctx.fillText(name, x + (right ? -10 : 10) * ratio, y + 4 * ratio);
		});
		ctx.restore();
	};

	// intervals are those of the values that have one; bars draws them.
	const intervals = spec => spec.series.flatMap(s => (s.halves || []).map((half, i) =>
		({ colour: s.colour, x: spec.x[i], low: s.values[i] - half, high: s.values[i] + half, half }))).filter(b => b.half > 0);
	const bars = spec => u => {
		const { ctx, bbox } = u, ratio = devicePixelRatio, cap = 4 * ratio;
		ctx.save();
		ctx.beginPath();
		ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
		ctx.clip();
		ctx.lineWidth = 1.5 * ratio;
		for (const b of intervals(spec)) {
			const x = u.valToPos(b.x, "x", true), low = u.valToPos(b.low, "y", true), high = u.valToPos(b.high, "y", true);
			ctx.strokeStyle = colour("--c" + b.colour);
			ctx.beginPath();
			for (const y of [low, high]) {
				ctx.moveTo(x - cap, y);
				ctx.lineTo(x + cap, y);
			}
			ctx.moveTo(x, low);
			ctx.lineTo(x, high);
			ctx.stroke();
		}
		ctx.restore();
	};

	const series = (s, kind) => {
		const stroke = colour("--c" + s.colour);
		const base = { label: s.label, stroke, width: 2, spanGaps: true, value: (u, v) => number(v) };
		if (kind === "bars")
			return { ...base, width: 0, fill: stroke, paths: uPlot.paths.bars({ size: [.8, 48] }), points: { show: false } };
		if (kind === "points")
			return { ...base, dash: s.dashed ? [6, 4] : undefined, paths: s.joined ? undefined : () => null, points: { show: true, size: 11, fill: stroke } };
		return { ...base, dash: s.dashed ? [6, 4] : undefined, points: { show: s.values.length < 3 } };
	};

	// margins leave room around the numbers, so that none lies on an edge.
	const range = spec => (u, low, high) => {
		if (low == null) return [0, 1];
		if (spec.log) return uPlot.rangeLog(low, high, 10, true);
		const all = intervals(spec);
		low = Math.min(low, ...all.map(b => b.low));
		high = Math.max(high, ...all.map(b => b.high));
		const room = (high - low || Math.abs(high) || 1) * .06;
		return [spec.from0 && low >= 0 ? 0 : low - room, high + room];
	};
	const across = spec => (u, low, high) => {
		if (low == null) return [0, 1];
		const values = (spec.marks || []).map(m => m.x);
		low = Math.min(low, ...values);
		high = Math.max(high, ...values);
		const room = spec.kind === "bars" ? .7 : spec.kind === "points" ? (high - low || high || 1) * .15 : (high - low) * .02;
		return low === high && spec.kind === "line" ? [low - 1, high + 1] : [low - room, high + room];
	};

	function draw(figure) {
		const box = figure.querySelector(".plot"), width = box.clientWidth;
		if (!width) return;
		const spec = charts[figure.dataset.chart];
		figure.plot?.destroy();
		const axis = {
			stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 },
			font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 22,
		};
		const small = (u, values) => values.map(v => v == null ? "" : number(v));
		const whole = (u, values) => values.map(v => v != null && Number.isInteger(v) ? String(v) : "");
		figure.plot = new uPlot({
			width, height: 250 + labels(spec) * 14, padding: [12 + labels(spec) * 14, 14, 0, 0], legend: { live: true },
			cursor: { drag: { x: true, y: false }, focus: { prox: 24 } },
			scales: { x: { time: false, range: across(spec) }, y: { distr: spec.log ? 3 : 1, range: range(spec) } },
			axes: [
				{ ...axis, label: spec.xLabel, values: spec.whole ? whole : small, size: 34 },
				{ ...axis, label: spec.yLabel, size: 62, values: spec.log ? (u, v) => v.map(n => n == null ? "" : number(n)) : small },
			],
			series: [{ label: spec.xLabel, value: (u, v) => number(v) }, ...spec.series.map(s => series(s, spec.kind))],
			hooks: { draw: [marks(spec), bars(spec), names(spec)] },
		}, [spec.x, ...spec.series.map(s => s.values)], box);
		figure.drawn = width;
	}

	// A chart's numbers as a table, made when it is opened.
	function tabulate(figure) {
		const spec = charts[figure.dataset.chart], place = figure.querySelector("details .wide");
		if (place.firstChild) return;
		const table = document.createElement("table"), head = table.createTHead().insertRow();
		for (const name of [spec.xLabel, ...spec.series.map(s => s.label)]) {
			const cell = document.createElement("th");
			cell.scope = "col";
			cell.textContent = name;
			head.append(cell);
		}
		const body = table.createTBody();
		spec.x.forEach((x, i) => {
			const row = body.insertRow();
			for (const v of [x, ...spec.series.map(s => s.values[i])]) row.insertCell().textContent = number(v);
		});
		place.append(table);
	}

	// The arrow keys move the cursor of a chart.
	function step(figure, by) {
		const u = figure.plot;
		if (!u) return;
		const last = u.data[0].length - 1;
		const at = u.cursor.idx == null ? (by > 0 ? 0 : last) : Math.min(Math.max(u.cursor.idx + by, 0), last);
		u.setCursor({ left: u.valToPos(u.data[0][at], "x"), top: u.over.clientHeight / 2 });
	}

	const figures = [...document.querySelectorAll("figure[data-chart]")];
	for (const figure of figures) {
		figure.querySelector("details").addEventListener("toggle", () => tabulate(figure));
		figure.querySelector(".plot").addEventListener("keydown", event => {
			const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
			if (!by) return;
			event.preventDefault();
			step(figure, by);
		});
	}
	const drawAll = () => figures.forEach(draw);

	// One panel is shown, that of the chosen layer.
	const panels = [...document.querySelectorAll(".panel")], boxes = [...document.querySelectorAll("[data-panel]")];
	function choose(id, focus) {
		for (const panel of panels) panel.hidden = panel.id !== id;
		for (const box of boxes)
			box.dataset.panel === id ? box.setAttribute("aria-current", "true") : box.removeAttribute("aria-current");
		const panel = document.getElementById(id);
		panel.querySelectorAll("figure[data-chart]").forEach(figure => figure.drawn || draw(figure));
		if (focus) {
			panel.focus({ preventScroll: true });
			if (panel.getBoundingClientRect().top > innerHeight * .8) panel.scrollIntoView();
		}
	}
	for (const box of boxes) {
		box.addEventListener("click", event => {
			event.preventDefault();
			choose(box.dataset.panel, true);
		});
	}
	if (panels.length) {
		const first = panels.find((panel, i) => i > 0 && panel.querySelector("figure")) || panels[0];
		choose((panels.find(panel => "#" + panel.id === location.hash) || first).id, false);
	}

	drawAll();
	let waiting;
	addEventListener("resize", () => {
		clearTimeout(waiting);
		waiting = setTimeout(drawAll, 120);
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

	// On paper all panels are shown.
	let chosen;
	addEventListener("beforeprint", () => {
		chosen = panels.find(panel => !panel.hidden)?.id;
		for (const panel of panels) panel.hidden = false;
		drawAll();
	});
	addEventListener("afterprint", () => chosen && choose(chosen, false));
})();
