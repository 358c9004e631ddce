'use strict';
// The drawing of a socket and its peers, and the plots. Text from a peer goes into text nodes only.

const svgNS = 'http://www.w3.org/2000/svg';

function svg(tag, attributes, text) {
  const e = document.createElementNS(svgNS, tag);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  if (text !== undefined) e.textContent = text;
  return e;
}

function shorten(text, most) { return text.length > most ? text.slice(0, most - 1) + '…' : text; }

// drawSocket draws a socket in the middle, whom it dials on the left, and who came to it on the right.
// A peer is {label, note, side: 'left' or 'right', rate: bytes a second, drops, fails}.
function drawSocket(root, name, protocol, peers, more) {
  const width = Math.max(300, root.clientWidth || 560);
  const narrow = width < 440;
  const one = peers.every(p => p.side === 'right') || peers.every(p => p.side === 'left');
  const side = one ? Math.min(260, width * .5) : Math.min(190, narrow ? width * .31 : width * .3), middle = narrow ? 78 : 128, row = 46;
  const columns = {left: peers.filter(p => p.side === 'left'), right: peers.filter(p => p.side === 'right')};
  if (more) columns.right.push({label: '+ ' + more + ' more', note: 'in the table below', rate: 0});
  const rows = Math.max(columns.left.length, columns.right.length, 3);
  const height = rows * row + 24;
  root.setAttribute('viewBox', '0 0 ' + width + ' ' + height);
  root.setAttribute('height', height);
  const parts = [], nodes = [];
  const center = columns.left.length === 0 ? 16 + middle / 2 : columns.right.length === 0 ? width - 16 - middle / 2 : width / 2;
  const hub = {x: center - middle / 2, y: height / 2 - 30};
  const letters = Math.floor((side - 16) / 6.6);
  for (const at of ['left', 'right']) {
    const list = columns[at];
    list.forEach((p, i) => {
      const y = height / 2 + (i - (list.length - 1) / 2) * row;
      const x = at === 'left' ? 10 : width - side - 10;
      const from = at === 'left' ? x + side : hub.x + middle, to = at === 'left' ? hub.x : x;
      const bend = (to - from) / 2;
      const thick = p.rate > 0 ? Math.min(10, 1.5 + Math.log10(1 + p.rate) * 1.1) : p.drops ? 3 : 1.4;
      const start = at === 'left' ? y : height / 2, end = at === 'left' ? height / 2 : y;
      const kind = p.fails ? 'fails' : p.drops ? 'drops' : p.rate > 0 ? 'busy' : 'idle';
      parts.push(svg('path', {class: 'link ' + kind, 'stroke-width': thick.toFixed(1),
        d: `M${from},${start} C${from + bend},${start} ${to - bend},${end} ${to},${end}`}));
      const mark = p.fails ? ' fails' : p.drops ? ' drops' : '';
      nodes.push(svg('rect', {class: 'node' + mark, x, y: y - 18, width: side, height: 36, rx: 8}));
      const label = svg('text', {x: x + 9, y: y - 3}, shorten(p.label, letters));
      label.append(svg('title', {}, p.label + (p.note ? ' — ' + p.note : '')));
      nodes.push(label, svg('text', {class: 'small' + (mark ? ' bad' : ''), x: x + 9, y: y + 11}, shorten(p.note || '', letters + 2)));
    });
  }
  nodes.push(svg('rect', {class: 'hub', x: hub.x, y: hub.y, width: middle, height: 60, rx: 14}),
    svg('text', {class: 'hubtext', x: center, y: height / 2 - 3, 'text-anchor': 'middle'}, shorten(name, Math.floor(middle / 7.6))),
    svg('text', {class: 'hubsmall', x: center, y: height / 2 + 14, 'text-anchor': 'middle'}, protocol));
  root.replaceChildren(...parts, ...nodes);
}

function sparkline(values) {
  const root = svg('svg', {viewBox: '0 0 100 30', preserveAspectRatio: 'none', 'aria-hidden': 'true'});
  const most = Math.max(1, ...values);
  const d = values.map((v, i) => (i ? 'L' : 'M') + (i * 100 / Math.max(1, values.length - 1)).toFixed(1) + ',' + (28 - 25 * v / most).toFixed(1));
  root.append(svg('path', {d: d.join('')}));
  return root;
}

function color(name) { return getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim(); }

const clock = new Intl.DateTimeFormat([], {hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23'});

// makePlot makes a plot of lines [{label, color}] over time; format writes a value.
function makePlot(root, lines, format, steps) {
  const axis = {stroke: color('dim'), grid: {stroke: color('line'), width: 1}, ticks: {stroke: color('line'), width: 1}, font: '11px system-ui'};
  return new uPlot({
    width: Math.max(220, root.clientWidth), height: 170, cursor: {sync: {key: 'gonng'}}, legend: {live: true},
    scales: {y: {range: (u, min, max) => [0, Math.max(1, (max || 0) * 1.1)]}},
    axes: [{...axis, space: 80, values: (u, ticks) => ticks.map(t => clock.format(t * 1000))},
      {...axis, size: 64, values: (u, ticks) => ticks.map(format), ...(steps ? {incrs: steps} : {})}],
    series: [{label: 'Time', value: (u, t) => t ? clock.format(t * 1000) : '–'},
      ...lines.map(l => ({label: l.label, stroke: color(l.color), width: 1.8, fill: l.fill ? color(l.fill) : undefined, points: {show: false},
        value: (u, v) => v == null ? '–' : format(v)}))],
  }, [[], ...lines.map(() => [])], root);
}
