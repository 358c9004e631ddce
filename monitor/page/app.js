'use strict';
// The page: samples come as server-sent events, and everything is shown as text.

const $ = id => document.getElementById(id);
const kept = 300; // samples of history, one a second

// The counters of messages that were lost, with their words. What no topic matched (filtered) is not lost.
const reasons = [['dropped_full', 'queue full', 'bad'], ['ttl_exceeded', 'too many hops', 'recv'], ['unexpected', 'not asked for', 'send'],
  ['late_replies', 'too late', 'in'], ['no_peer', 'peer gone', 'warn'], ['malformed', 'malformed', 'dim'], ['unsent', 'unsent', 'text']];
const lost = stats => reasons.reduce((sum, [key]) => sum + stats[key], 0);

let sample = null, before = null, paused = false, chosen = 0, pipePage = null, pageOffset = 0;
let happened = [];
const past = new Map();   // socket → {time: [], in: [], …}
const rates = new Map();     // socket → numbers a second
const pipeRates = new Map(); // socket/pipe → numbers a second
const total = {in: [], out: [], lost: []};

/* Numbers and words. */

function number(n) {
  if (n == null || !isFinite(n)) return '–';
  const a = Math.abs(n);
  if (a >= 1e9) return (n / 1e9).toFixed(1) + ' G';
  if (a >= 1e6) return (n / 1e6).toFixed(1) + ' M';
  if (a >= 1e4) return (n / 1e3).toFixed(1) + ' k';
  return a >= 100 || Number.isInteger(n) ? Math.round(n).toLocaleString('en') : n.toFixed(1);
}
function bytes(n) {
  if (n == null || !isFinite(n)) return '–';
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (Math.abs(n) < 1024 || unit === 'GiB') return (unit === 'B' || n >= 100 ? Math.round(n) : n.toFixed(1)) + ' ' + unit;
    n /= 1024;
  }
}
function age(s) {
  if (s == null) return '–';
  if (s < 10) return s.toFixed(1) + ' s';
  if (s < 120) return Math.round(s) + ' s';
  if (s < 7200) return Math.round(s / 60) + ' min';
  return s < 172800 ? (s / 3600).toFixed(1) + ' h' : Math.round(s / 86400) + ' d';
}
function plural(n, thing) { return n.toLocaleString('en') + ' ' + thing + (n === 1 ? '' : 's'); }

/* Elements. h never takes HTML. */

function h(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const k in attributes) {
    if (attributes[k] === false || attributes[k] == null) continue;
    if (k.startsWith('on')) e.addEventListener(k.slice(2), attributes[k]); else e.setAttribute(k, attributes[k]);
  }
  e.append(...children.filter(c => c != null));
  return e;
}
function setText(e, text) { if (e.textContent !== text) e.textContent = text; }

// Table shows rows by their key, so that focus and selection stay where they are.
class Table {
  constructor(root, columns, choose) {
    this.root = root, this.columns = columns, this.choose = choose, this.rows = new Map(), this.sorted = null, this.down = false;
    this.heads = columns.map(c => h('th', {scope: 'col', class: c.num ? 'num' : null},
      c.sort ? h('button', {type: 'button', onclick: () => this.sortBy(c)}, c.title) : h('span', {}, c.title)));
    root.tHead.replaceChildren(h('tr', {}, ...this.heads));
  }
  sortBy(c) {
    if (this.sorted === c) this.down = !this.down; else this.sorted = c, this.down = !!c.num;
    this.columns.forEach((x, i) => x === c ? this.heads[i].setAttribute('aria-sort', this.down ? 'descending' : 'ascending') : this.heads[i].removeAttribute('aria-sort'));
    this.show(this.items);
  }
  show(items) {
    this.items = items;
    if (this.sorted) {
      const key = this.sorted.sort, sign = this.down ? -1 : 1;
      items = [...items].sort((a, b) => { const x = key(a), y = key(b); return sign * (x < y ? -1 : x > y ? 1 : 0); });
    }
    const seen = new Set();
    let place = this.root.tBodies[0].firstChild;
    for (const item of items) {
      seen.add(item.key);
      let row = this.rows.get(item.key);
      if (!row) {
        row = h('tr', {}, ...this.columns.map(c => h('td', {class: c.num ? 'num' : c.wide ? 'wide' : null})));
        if (this.choose) {
          row.tabIndex = 0;
          row.addEventListener('click', () => this.choose(item.key));
          row.addEventListener('keydown', e => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); this.choose(item.key); } });
        }
        this.rows.set(item.key, row);
      }
      row.className = item.class || '';
      if (this.choose) row.setAttribute('aria-selected', item.key === chosen);
      this.columns.forEach((c, i) => {
        const v = c.show(item), cell = row.cells[i];
        if (v instanceof Node) cell.replaceChildren(v); else setText(cell, v == null ? '' : String(v));
        cell.classList.toggle('drop', !!(c.bad && c.bad(item)));
        if (!(v instanceof Node)) cell.title = cell.textContent.length > 24 ? cell.textContent : '';
      });
      if (row !== place) this.root.tBodies[0].insertBefore(row, place); else place = place.nextSibling;
    }
    for (const [key, row] of this.rows) if (!seen.has(key)) { row.remove(); this.rows.delete(key); }
    return items;
  }
}

const order = {ok: 0, info: 1, warn: 2, bad: 3};
const level = s => (s.advice || []).reduce((worst, a) => order[a.level] > order[worst] ? a.level : worst, 'ok');
const rate = (s, key) => (rates.get(s.id) || {})[key];

const sockets = new Table($('sockets'), [
  {title: 'Socket', sort: s => s.name.toLowerCase(), show: s => h('span', {title: s.name}, h('i', {class: 'dot ' + level(s)}), s.name)},
  {title: 'Protocol', sort: s => s.protocol, show: s => (s.raw ? 'raw ' : '') + s.protocol},
  {title: 'Peers', num: true, sort: s => s.pipes_total, show: s => number(s.pipes_total)},
  {title: 'In/s', num: true, sort: s => rate(s, 'in') || 0, show: s => number(rate(s, 'in'))},
  {title: 'Out/s', num: true, sort: s => rate(s, 'out') || 0, show: s => number(rate(s, 'out'))},
  {title: 'Bytes/s', num: true, sort: s => (rate(s, 'inBytes') || 0) + (rate(s, 'outBytes') || 0), show: s => bytes((rate(s, 'inBytes') || 0) + (rate(s, 'outBytes') || 0))},
  {title: 'Waiting', num: true, sort: s => s.stats.send_queue + s.stats.recv_queue, show: s => number(s.stats.send_queue + s.stats.recv_queue)},
  {title: 'Dropped', num: true, sort: s => lost(s.stats), show: s => lost(s.stats).toLocaleString('en'), bad: s => lost(s.stats) > 0},
  {title: 'State', sort: s => order[level(s)], show: s => ({bad: 'in trouble', warn: 'suspicious', info: 'see note', ok: 'fine'})[level(s)], bad: s => level(s) === 'bad'},
], choose);

function queue(n, size, limit, full) {
  const share = limit ? Math.min(1, limit.messages ? n / limit.messages : size / limit.bytes) : 0;
  const bar = h('i', {});
  bar.style.width = Math.round(100 * share) + '%';
  const words = !limit ? '' : limit.messages ? 'of ' + plural(limit.messages, 'message') : bytes(size) + ' of ' + bytes(limit.bytes);
  return h('span', {title: words}, number(n), limit ? h('span', {class: 'meter' + (full || share >= .9 ? ' full' : '')}, bar) : null);
}
const who = p => p.peer_cred ? 'pid ' + p.peer_cred.pid + ', uid ' + p.peer_cred.uid : p.tls ? p.tls.version + (p.tls.subject ? ', ' + p.tls.subject : '') : '';
const pipes = new Table($('pipes'), [
  {title: 'Peer', sort: p => p.remote || '', show: p => p.gone ? p.remote : p.remote || who(p) || 'no address'},
  {title: 'By', sort: p => p.url || '', show: p => p.gone ? 'gone ' + age(p.gone) + ' ago' : p.side === 'attached' ? 'attached' : p.side + ' ' + p.url},
  {title: 'Who', show: p => p.gone ? p.reason : who(p), wide: true},
  {title: 'Age', num: true, sort: p => p.age || 0, show: p => p.gone ? '' : age(p.age)},
  {title: 'No change for', num: true, sort: p => p.unchanged || 0, show: p => p.gone ? '' : age(p.unchanged)},
  {title: 'Received', num: true, sort: p => p.gone ? 0 : p.stats.received, show: p => p.gone ? '' : number(p.stats.received)},
  {title: 'Sent', num: true, sort: p => p.gone ? 0 : p.stats.sent, show: p => p.gone ? '' : number(p.stats.sent)},
  {title: 'Bytes in', num: true, sort: p => p.gone ? 0 : p.stats.received_bytes, show: p => p.gone ? '' : bytes(p.stats.received_bytes)},
  {title: 'Bytes out', num: true, sort: p => p.gone ? 0 : p.stats.sent_bytes, show: p => p.gone ? '' : bytes(p.stats.sent_bytes)},
  {title: 'Send queue', num: true, sort: p => p.gone ? 0 : p.stats.send_queue, show: p => p.gone ? '' : queue(p.stats.send_queue, p.stats.send_queue_bytes, p.send_limit, p.send_full)},
  {title: 'Recv queue', num: true, sort: p => p.gone ? 0 : p.stats.recv_queue, show: p => p.gone ? '' : queue(p.stats.recv_queue, p.stats.recv_queue_bytes, p.recv_limit)},
  {title: 'Dropped', num: true, sort: p => p.gone ? 0 : p.stats.dropped_full, show: p => p.gone ? '' : p.stats.dropped_full.toLocaleString('en'), bad: p => !p.gone && p.stats.dropped_full > 0},
]);
const ends = new Table($('ends'), [
  {title: 'URL', show: e => e.url, wide: true},
  {title: 'State', show: e => e.state, wide: true, bad: e => e.failing},
  {title: 'Peers', num: true, show: e => e.pipes},
  {title: 'Failed', num: true, show: e => e.stats.connect_failures + e.stats.handshake_errors + e.stats.refused},
]);

/* Samples. */

function perSecond(now, last, seconds, keys) {
  const out = {};
  for (const [name, f] of keys) out[name] = last && seconds > 0 ? Math.max(0, (f(now) - f(last)) / seconds) : undefined;
  return out;
}
const flows = [['in', s => s.received], ['out', s => s.sent], ['inBytes', s => s.received_bytes], ['outBytes', s => s.sent_bytes]];
const pipeFlows = [...flows, ['lost', s => s.dropped_full]];
const socketFlows = [...flows, ['lost', lost], ...reasons.map(([key]) => [key, s => s[key]])];

function take(next) {
  if (sample && sample.process.pid !== next.process.pid) { past.clear(); sample = null; }
  before = sample, sample = next;
  const seconds = before ? (Date.parse(next.time) - Date.parse(before.time)) / 1000 : 0;
  const old = new Map((before ? before.sockets : []).map(s => [s.id, s]));
  rates.clear(), pipeRates.clear();
  const sum = {in: 0, out: 0, lost: 0};
  const t = Date.parse(next.time) / 1000;
  for (const s of next.sockets) {
    const last = old.get(s.id), r = perSecond(s.stats, last && last.stats, seconds, socketFlows);
    rates.set(s.id, r);
    for (const key in sum) sum[key] += r[key] || 0;
    let all = past.get(s.id);
    if (!all) past.set(s.id, all = {time: []});
    const point = {...r, send: s.stats.send_queue, recv: s.stats.recv_queue};
    all.time.push(t);
    for (const key in point) (all[key] = all[key] || []).push(point[key] === undefined ? null : point[key]);
    if (all.time.length > kept) for (const key in all) all[key].shift();
    const lastPipes = new Map(((last && last.pipes) || []).map(p => [p.id, p]));
    for (const p of s.pipes || []) {
      const q = lastPipes.get(p.id);
      pipeRates.set(s.id + '/' + p.id, perSecond(p.stats, q && q.stats, seconds, pipeFlows));
    }
  }
  for (const id of past.keys()) if (!rates.has(id)) past.delete(id);
  if (before) for (const key in sum) { total[key].push(sum[key]); if (total[key].length > 60) total[key].shift(); }
  if (!paused) show();
}

/* What is shown. */

function show() {
  if (!sample) return;
  const p = sample.process;
  setText($('program'), p.name);
  setText($('process'), `pid ${p.pid} on ${p.host} · up ${age(p.age)} · ${plural(p.goroutines, 'goroutine')} · ${bytes(p.heap)} heap of ${bytes(p.memory)} · ${p.go}`);
  document.title = p.name + ' · gonng';
  showTiles();
  const words = $('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = s => {
    const text = [s.name, s.protocol, ...(s.dialers || []).map(d => d.url), ...(s.listeners || []).map(l => l.url), ...(s.pipes || []).map(x => x.remote)].join(' ').toLowerCase();
    return words.every(w => text.includes(w));
  };
  if (!sample.sockets.some(s => s.id === chosen)) {
    const worst = [...sample.sockets].sort((a, b) => order[level(b)] - order[level(a)])[0];
    chosen = worst ? worst.id : 0;
  }
  const listed = sample.sockets.filter(matches).map(s => Object.assign(s, {key: s.id}));
  sockets.show(listed);
  $('sockets-none').hidden = listed.length > 0;
  setText($('sockets-none'), sample.sockets.length ? 'No socket matches.' : 'No socket is open.');
  showAttention();
  showHappened();
  const s = sample.sockets.find(x => x.id === chosen);
  $('detail').hidden = !s;
  if (s) showSocket(s);
}

function showTiles() {
  const sum = key => total[key].length ? total[key][total[key].length - 1] : undefined;
  const peers = sample.sockets.reduce((n, s) => n + s.pipes_total, 0), all = sample.sockets.reduce((n, s) => n + lost(s.stats), 0);
  const tile = (value, words, line, bad) => h('div', {class: 'tile' + (bad ? ' bad' : '')}, h('b', {}, value), h('span', {}, words), line && line.length > 1 ? sparkline(line) : null);
  $('tiles').replaceChildren(
    tile(number(sample.sockets.length), sample.sockets.length === 1 ? 'socket' : 'sockets'),
    tile(number(peers), peers === 1 ? 'peer connected' : 'peers connected'),
    tile(number(sum('in')), 'messages in a second', total.in),
    tile(number(sum('out')), 'messages out a second', total.out),
    tile(number(sum('lost')), `dropped a second, ${number(all)} in all`, total.lost, sum('lost') > 0));
}

function note(a, s) {
  const word = ({bad: 'trouble', warn: 'look here', info: 'note'})[a.level];
  const parts = [h('span', {class: 'word'}, word), s ? h('b', {}, s.name) : null, h('span', {}, a.text)];
  return s ? h('button', {type: 'button', class: 'note ' + a.level, onclick: () => { choose(s.id); $('detail').scrollIntoView({block: 'start'}); }}, ...parts)
    : h('p', {class: 'note ' + a.level}, ...parts);
}
let attention = '';
function showAttention() {
  const notes = [];
  for (const s of sample.sockets) for (const a of s.advice || []) if (a.level !== 'info') notes.push([a, s]);
  notes.sort((x, y) => order[y[0].level] - order[x[0].level]);
  const now = JSON.stringify(notes.map(([a, s]) => [s.id, s.name, a]));
  if (now === attention) return;
  attention = now;
  const focus = [...$('attention').children].indexOf(document.activeElement);
  $('attention').replaceChildren(...notes.slice(0, 6).map(([a, s]) => note(a, s)), notes.length > 6 ? h('p', {class: 'dim'}, `and ${notes.length - 6} more: sort the table by State`) : '');
  $('attention').hidden = notes.length === 0;
  if (focus >= 0 && $('attention').children[focus]) $('attention').children[focus].focus();
}

let shownEvents = '';
function showHappened() {
  const all = $('all-events').checked;
  const list = happened.filter(e => all || e.socket === chosen).slice(-200).reverse();
  const now = all + '/' + chosen + '/' + (list.length ? list[0].seq + '/' + list.length : 0);
  if (now === shownEvents) return;
  shownEvents = now;
  $('happened').replaceChildren(...list.map(e => h('li', {class: 'k-' + e.kind.replace(' ', '-')},
    h('time', {datetime: e.time}, clock.format(Date.parse(e.time))),
    h('span', {}, h('span', {class: 'kind'}, e.kind), ' ', e.reason ? (reasons.find(r => r[0] === e.reason) || [0, e.reason])[1] : e.peer || e.url || '', all ? ' · ' + e.name : ''),
    h('span', {class: 'why'}, [e.reason && e.peer, e.count && e.kind.startsWith('drops') ? plural(e.count, 'message') : e.count && e.kind === 'disconnected' ? plural(e.count, 'message') + ' unsent' : '', e.error].filter(Boolean).join(' · ')))));
  $('happened-none').hidden = list.length > 0;
}

function goneFrom(s) {
  const now = Date.parse(sample.time);
  const here = new Set((s.pipes || []).map(p => p.id));
  return happened.filter(e => e.socket === s.id && e.kind === 'disconnected' && now - Date.parse(e.time) < 60000 && !here.has(e.pipe)).slice(-8)
    .map(e => ({key: 'gone' + e.seq, class: 'gone', gone: Math.max(0.1, (now - Date.parse(e.time)) / 1000), remote: e.peer, url: e.url, reason: e.error}));
}

function showSocket(s) {
  setText($('chosen'), s.name);
  $('badges').replaceChildren(h('span', {class: 'badge main'}, (s.raw ? 'raw ' : '') + s.protocol + ' → ' + s.peer), h('span', {class: 'badge'}, 'id ' + s.id),
    ...Object.entries(s.options || {}).map(([k, v]) => h('span', {class: 'badge', title: 'an option that differs from the default'}, k + ' ' + v)));
  $('advice').replaceChildren(...(s.advice || []).map(a => note(a)));
  ends.show([...(s.dialers || []).map((d, i) => ({...d, key: 'd' + i, failing: !d.connected && !!d.error,
    state: d.connected ? 'dials, connected' : (d.error ? 'dials, failing: ' + d.error : 'dialing') + (d.next_attempt ? `; again in ${age(Math.max(0, (Date.parse(d.next_attempt) - Date.parse(sample.time)) / 1000))}` : '')})),
    ...(s.listeners || []).map((l, i) => ({...l, key: 'l' + i, state: 'listens' + (l.stats.refused ? ', refused ' + l.stats.refused : '')}))]);
  $('counters').replaceChildren(...Object.entries(s.stats).filter(([k, v]) => v > 0 || ['sent', 'received', 'dropped_full'].includes(k))
    .map(([k, v]) => h('div', {}, h('dt', {}, k.replaceAll('_', ' ')), h('dd', {class: v > 0 && reasons.some(r => r[0] === k) ? 'drop' : null}, k.endsWith('bytes') ? bytes(v) : v.toLocaleString('en')))));
  const gone = goneFrom(s);
  drawSocket($('drawing'), s.name, s.protocol, peersOf(s, gone), Math.max(0, s.pipes_total - mostDrawn));
  showPlots(s);
  const page = pipePage && pipePage.id === s.id ? pipePage : null;
  const list = page ? page.pipes || [] : s.pipes || [];
  pipes.show([...(page ? [] : gone), ...list.map(p => Object.assign(p, {key: p.id}))]);
  $('pipes-none').hidden = list.length > 0 || gone.length > 0;
  setText($('pipes-count'), s.pipes_total <= list.length && !page ? plural(s.pipes_total, 'peer') :
    page ? `${pageOffset + 1} to ${pageOffset + list.length} of ${s.pipes_total.toLocaleString('en')}, in the order in which they came` : `${list.length} of ${s.pipes_total.toLocaleString('en')}, the worst and the busiest`);
  const many = s.pipes_total > 50;
  for (const id of ['worst', 'back', 'forth']) $(id).hidden = !many;
  $('worst').setAttribute('aria-pressed', !page);
  $('back').disabled = !page || pageOffset === 0;
  $('forth').disabled = !!page && pageOffset + list.length >= s.pipes_total;
}

const mostDrawn = 10;
function peersOf(s, gone) {
  const peers = [];
  for (const d of s.dialers || []) if (!d.connected) peers.push({label: d.url, note: d.error ? d.error.split(': ').pop() : 'dialing', side: 'left', rate: 0, fails: !!d.error});
  for (const p of (s.pipes || []).slice(0, mostDrawn)) {
    const r = pipeRates.get(s.id + '/' + p.id) || {};
    const flow = (r.inBytes || 0) + (r.outBytes || 0);
    peers.push({label: p.remote || who(p) || p.url, side: p.side === 'dialer' ? 'left' : 'right', rate: flow, drops: r.lost > 0 || p.send_full > 3,
      note: r.lost > 0 ? number(r.lost) + ' dropped/s' : p.send_full > 3 ? 'queue full ' + age(p.send_full) : flow > 0 ? bytes(flow) + '/s' : 'quiet for ' + age(p.unchanged)});
  }
  for (const g of gone.slice(-3)) peers.push({label: g.remote, note: 'gone', side: 'right', rate: 0, fails: true});
  return peers;
}

/* Plots. */

let plots = null;
const plotLines = {
  messages: [[{label: 'In', color: 'in', key: 'in'}, {label: 'Out', color: 'out', key: 'out'}], number],
  bytes: [[{label: 'In', color: 'in', key: 'inBytes'}, {label: 'Out', color: 'out', key: 'outBytes'}], bytes, Array.from({length: 44}, (_, i) => 2 ** i)],
  queues: [[{label: 'To be sent', color: 'send', key: 'send'}, {label: 'To be received', color: 'recv', key: 'recv'}], number],
  drops: [reasons.map(([key, label, c]) => ({label, color: c, key})), number],
};
function showPlots(s) {
  if (!plots) {
    plots = {};
    for (const name in plotLines) {
      $('plot-' + name).replaceChildren();
      plots[name] = makePlot($('plot-' + name), ...plotLines[name]);
    }
  }
  const all = past.get(s.id);
  for (const name in plotLines) {
    const plot = plots[name], lines = plotLines[name][0].map(l => all[l.key] || []);
    plot.setData([all.time, ...lines]);
    if (name === 'drops') lines.forEach((line, i) => {
      const any = i === 0 || line.some(v => v > 0); // the other reasons only where they count
      if (plot.series[i + 1].show !== any) plot.setSeries(i + 1, {show: any});
    });
    if (plot.cursor.left < 0) queueMicrotask(() => plot.setLegend({idx: all.time.length - 1})); // after the plot's own update
  }
}
function remakePlots() {
  if (plots) for (const name in plots) plots[name].destroy();
  plots = null;
  show();
}
let resizing;
addEventListener('resize', () => { clearTimeout(resizing); resizing = setTimeout(remakePlots, 150); });

/* What the viewer does. */

function choose(id) {
  chosen = id, pipePage = null, pageOffset = 0;
  history.replaceState(null, '', '#s' + id);
  show();
}
async function openPage(offset) {
  pageOffset = Math.max(0, offset);
  const answer = await fetch(`snapshot.json?socket=${chosen}&offset=${pageOffset}&limit=50&events=0`);
  if (!answer.ok) return;
  pipePage = (await answer.json()).sockets[0] || null;
  show();
}
$('worst').addEventListener('click', () => { pipePage = null, pageOffset = 0; show(); });
$('forth').addEventListener('click', () => openPage(pipePage ? pageOffset + 50 : 0));
$('back').addEventListener('click', () => openPage(pageOffset - 50));
$('filter').addEventListener('input', show);
$('all-events').addEventListener('change', show);
function setPaused(on) {
  paused = on;
  $('pause').setAttribute('aria-pressed', on);
  setText($('pause'), on ? 'Go on' : 'Pause');
  if (!on) show();
}
$('pause').addEventListener('click', () => setPaused(!paused));
addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target instanceof HTMLInputElement && e.key !== 'Escape') return;
  const listed = [...sockets.rows.keys()].length ? [...$('sockets').tBodies[0].rows] : [];
  const at = listed.findIndex(r => r.getAttribute('aria-selected') === 'true');
  if (e.key === '/') { e.preventDefault(); $('filter').focus(); }
  else if (e.key === 'Escape' && e.target === $('filter')) { $('filter').value = ''; show(); $('filter').blur(); }
  else if (e.key === 'p') setPaused(!paused);
  else if ((e.key === 'j' || e.key === 'k') && listed.length) {
    const row = listed[Math.min(listed.length - 1, Math.max(0, at + (e.key === 'j' ? 1 : -1)))];
    row.click(), row.focus();
  }
});

function setTheme(dark) { document.documentElement.dataset.theme = dark ? 'dark' : 'light'; remakePlots(); }
const prefers = matchMedia('(prefers-color-scheme: dark)');
let own = null;
try { own = localStorage.getItem('gonng-theme'); } catch { /* not allowed: follow the system */ }
setTheme(own ? own === 'dark' : prefers.matches);
prefers.addEventListener('change', e => { if (!own) setTheme(e.matches); });
$('theme').addEventListener('click', () => {
  own = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  try { localStorage.setItem('gonng-theme', own); } catch { /* it holds for this page */ }
  setTheme(own === 'dark');
});

/* The connection to the program. */

chosen = Number((/^#s(\d+)$/.exec(location.hash) || [])[1] || 0);
const source = new EventSource('events');
source.addEventListener('sample', e => take(JSON.parse(e.data)));
source.addEventListener('happened', e => {
  const seen = new Set(happened.map(x => x.seq));
  happened = [...happened, ...JSON.parse(e.data).filter(x => !seen.has(x.seq))].slice(-1000);
});
source.addEventListener('open', () => { happened = []; $('live').className = 'live on'; setText($('live'), 'live'); });
source.addEventListener('error', () => { $('live').className = 'live off'; setText($('live'), 'no answer, trying again'); });
