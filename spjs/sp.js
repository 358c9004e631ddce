// The Scalability Protocols (nanomsg, nng, gonng) over WebSocket, for web pages and Node:
// sockets that dial ws:// and wss:// URLs. The bytes and rules are those of docs/wire.md in
// https://github.com/gonng/gonng; docs/browser.md there is the manual.

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** An error of a kind that gonng has, too: class, name and code say which. */
export class SPError extends Error {
  constructor(text, options) {
    super(text, options)
    this.name = new.target.kind
    this.code = new.target.code
  }
}
const kinds = codes => Object.fromEntries(Object.entries(codes).map(([kind, code]) => [kind, Object.assign(class extends SPError {}, { kind, code })]))
export const {
  ErrNoMemory, ErrInvalid, ErrBusy, ErrTimeout, ErrConnectionRefused, ErrClosed, ErrNotSupported, ErrBadState, ErrNoEntry,
  ErrProtocol, ErrAddressInvalid, ErrMessageTooLarge, ErrConnectionReset, ErrCanceled,
} = kinds({
  ErrNoMemory: 2, ErrInvalid: 3, ErrBusy: 4, ErrTimeout: 5, ErrConnectionRefused: 6, ErrClosed: 7, ErrNotSupported: 9, ErrBadState: 11, ErrNoEntry: 12,
  ErrProtocol: 13, ErrAddressInvalid: 15, ErrMessageTooLarge: 17, ErrConnectionReset: 19, ErrCanceled: 20,
})

/** Returns a body as text. */
export const text = body => decoder.decode(body)

const defaults = {
  json: false, recvTimeout: 0, sendTimeout: 0, recvMaxSize: 1 << 20, ttl: 8, resendTime: 60e3, surveyTime: 1e3,
  reconnectMin: 100, reconnectMax: 5e3, topics: [], preferNew: true, signal: undefined, log: t => console.warn(t),
  WebSocket: undefined, sendBuffer: 0, recvBuffer: 0,
}

const handshakeTime = 10e3
const pollTime = 4 // no event says that the browser has sent: a sender that waits looks again
const stallTime = 1e3 // a peer that takes nothing for so long loses what it has no room for
const hint = 'The browser does not tell a page why. It may be that nobody listens there, a wrong path (404), another ' +
  'protocol than the peer\'s (400), an origin that the server does not let in (403, see WithCheckOrigin), missing ' +
  'credentials (401), or a certificate that is not trusted: look at the console and the network panel of the ' +
  'browser, and at the log of the server.'

function encode(body, json) {
  if (json) body = JSON.stringify(body)
  if (typeof body === 'string') return encoder.encode(body)
  if (body instanceof Uint8Array) return body
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  throw new ErrInvalid('a body is a Uint8Array, an ArrayBuffer or a string; with {json: true} it is any value that JSON has')
}

function decode(body, json) {
  if (!json) return body
  try {
    return JSON.parse(decoder.decode(body))
  } catch (cause) {
    throw new ErrProtocol('the peer sent what is not JSON', { cause })
  }
}

function join(header, body) {
  const whole = new Uint8Array(header.length + body.length)
  whole.set(header)
  whole.set(body, header.length)
  return whole
}

const pause = () => new Promise(resolve => setTimeout(resolve, pollTime))
const word = n => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n)

/** Returns the length of the backtrace that data begins with, 0 if that is malformed. */
function backtrace(data) {
  for (let at = 0; at + 4 <= data.length; at += 4) if (data[at] & 0x80) return at + 4
  return 0
}

function canceled(signal) {
  const cause = signal.reason
  return cause?.name === 'TimeoutError' ? new ErrTimeout('timed out: the signal says so', { cause }) : new ErrCanceled('canceled by the signal', { cause })
}

/** Waits until entry.resolve or entry.reject is called, for at most timeout milliseconds. */
function wait(socket, entry, { timeout, signal } = {}, what = '') {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(canceled(signal))
    let timer
    const abort = () => entry.reject(canceled(signal))
    const settle = f => value => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket._waiters.delete(entry)
      f(value)
    }
    entry.resolve = settle(resolve)
    entry.reject = settle(reject)
    signal?.addEventListener('abort', abort)
    if (timeout > 0) timer = setTimeout(() => entry.reject(socket._timeout(what)), timeout)
    socket._waiters.add(entry)
  })
}

/** A connection that is open. */
class Pipe {
  asked = new Set() // requests that were last sent here
  since = Date.now()
  received = 0
  buffered = 0 // bytes that the browser is known to hold
  progress = 0 // when it last got rid of some
  constructor(dialer, ws) { Object.assign(this, { dialer, ws, url: dialer.url }) }
  room(limit) { return this.ws.readyState === 1 && this.ws.bufferedAmount < limit }
  send(bytes) {
    this.ws.send(bytes)
    this.buffered += bytes.length
    const { _stats } = this.dialer.socket
    _stats.sent++
    _stats.sentBytes += bytes.length
  }
  /** Reports whether the browser holds more than limit, and sends: it has got rid of something lately. */
  drains(limit) {
    const { bufferedAmount, readyState } = this.ws
    if (bufferedAmount < this.buffered || bufferedAmount <= limit) this.progress = Date.now()
    this.buffered = bufferedAmount
    return bufferedAmount > limit && readyState === 1 && Date.now() - this.progress < stallTime
  }
  /** Ends the connection because of error. */
  close(error) {
    this.ws.close()
    this.dialer._end(error)
  }
}

/** Keeps a socket connected to one URL. */
class Dialer {
  lastError
  delay = 0
  told = false // the log knows that it fails
  constructor(socket, url) {
    Object.assign(this, { socket, url })
    this._connect()
  }
  get connected() { return this.pipe !== undefined }
  close() {
    const { pipe } = this
    this.closed = true
    clearTimeout(this.timer)
    this.socket.dialers.delete(this)
    if (pipe) pipe.close(new ErrClosed('the dialer is closed'))
    else if (this.ws) this._end(new ErrClosed('the dialer is closed'))
  }
  _connect() {
    const { socket } = this
    const name = socket._peer + '.sp.nanomsg.org'
    let ws
    try {
      ws = this.ws = new socket._WebSocket(this.url, [name])
    } catch (cause) { // ws:// in a page of https://, for instance
      return queueMicrotask(() => this._end(new ErrNotSupported(`cannot connect to ${this.url}: ${cause.message}`, { cause })))
    }
    ws.binaryType = 'arraybuffer'
    this.timer = setTimeout(() => this._end(new ErrTimeout(`cannot connect to ${this.url}: the peer did not finish the handshake in ${handshakeTime / 1e3} s`)), handshakeTime)
    ws.onopen = () => {
      clearTimeout(this.timer)
      if (ws.protocol !== name) return this._end(new ErrProtocol(`${this.url} has not confirmed the subprotocol ${name}: it is no socket that ${socket._own} talks to`))
      const refused = socket._refuse()
      if (refused) return this._end(refused)
      this.pipe = new Pipe(this, ws)
      this.lastError = undefined
      this.told = false
      socket._attach(this.pipe)
    }
    ws.onmessage = event => this.pipe && this._receive(event.data)
    ws.onclose = event => this._end(this._explain(event))
    ws.onerror = () => setTimeout(() => this.ws === ws && this._end(this._explain({ code: 1006 })), 100) // Node 20 fires no close after it
  }
  _explain({ code, reason }) {
    if (!this.pipe) return new ErrConnectionRefused(`cannot connect to ${this.url} as ${this.socket._own} (code ${code}). ${hint}`)
    const why = code === 1006 ? 'the connection broke (code 1006): the server or the network has gone, or it took this side for no peer'
      : `the peer closed the connection (code ${code}${reason ? ', ' + reason : ''})`
    return new ErrConnectionReset(`${this.url}: ${why}`)
  }
  _receive(data) {
    const { socket, pipe } = this
    data = typeof data === 'string' ? encoder.encode(data) : new Uint8Array(data)
    pipe.received++
    socket._stats.received++
    socket._stats.receivedBytes += data.length
    const limit = socket.options.recvMaxSize
    if (limit && data.length > limit) return pipe.close(new ErrMessageTooLarge(`${this.url} sent ${data.length} bytes, the limit is ${limit}`))
    if (socket._deliver(pipe, data) === false) pipe.close(new ErrProtocol(`${this.url} sent a malformed message`))
  }
  /** The connection has ended, or there was none. */
  _end(error) {
    const { ws, pipe, socket } = this
    clearTimeout(this.timer)
    if (ws) {
      ws.onopen = ws.onmessage = ws.onclose = ws.onerror = null
      if (ws.readyState < 2) ws.close()
      if (socket.closed) socket._closing.push(ws)
    }
    this.ws = this.pipe = undefined
    this.lastError = error
    if (pipe) {
      if (pipe.received || Date.now() - pipe.since > socket.options.reconnectMax) this.delay = 0
      socket._detach(pipe, error)
    } else if (!this.closed) {
      socket._stats.dialFailures++
      socket._emit('dialfailed', { url: this.url, error })
      this.onfailure?.(error)
      if (!this.told && !this.closed) socket.options.log?.(`sp.js: ${error.message} Trying again.`)
      this.told = true
    }
    if (!this.closed) this._again()
  }
  _again() {
    const { reconnectMin, reconnectMax } = this.socket.options
    this.delay = Math.min(this.delay ? 2 * this.delay : reconnectMin, Math.max(reconnectMin, reconnectMax))
    const pause = this.delay * (1 - Math.random() / 2)
    this.timer = setTimeout(() => this.socket._overfull() ? this._again() : this._connect(), pause)
  }
}

/** What all sockets have. */
class Socket extends EventTarget {
  dialers = new Set()
  closed = false
  _pipes = []
  _closing = [] // what is still to be written when the socket is closed
  _dropped = {} // when that was last told, by reason
  _waiters = new Set()
  _senders = new Set() // {bytes, sent(pipe)}: what waits for a peer with room
  _stats = { sent: 0, sentBytes: 0, received: 0, receivedBytes: 0, droppedFull: 0, droppedLate: 0, droppedTTL: 0, filtered: 0, connects: 0, dialFailures: 0 }
  constructor(urls, options = {}) {
    super()
    const unknown = Object.keys(options).find(name => !(name in defaults))
    if (unknown) throw new ErrInvalid(`there is no option ${unknown}`)
    this.options = { ...defaults, ...options }
    ;[this._own, this._peer] = new.target.protocols
    this._limit = this.options.sendBuffer || 256 << 10
    this._lossyLimit = this.options.sendBuffer || 4 << 20
    this._WebSocket = this.options.WebSocket ?? globalThis.WebSocket
    if (!this._WebSocket) throw new ErrNotSupported('there is no WebSocket here: Node has it from version 22 on (20 with --experimental-websocket), or give one as option WebSocket')
    const { signal } = this.options
    if (signal?.aborted) this.closed = true
    signal?.addEventListener('abort', () => this.close(), { once: true })
    try {
      for (const url of [urls ?? []].flat()) if (!this.closed) this._dial(url)
    } catch (error) {
      this.close() // or the dialers that there are go on
      throw error
    }
  }
  /** Keeps the socket connected to one URL more. With {wait: true}, the first failure is thrown and the dialer closed. */
  async dial(url, { wait: patient = false, ...bounds } = {}) {
    const dialer = this._dial(url)
    const entry = { poll: () => dialer.pipe && entry.resolve(dialer) }
    dialer.onfailure = error => entry.reject?.(error)
    return patient ? wait(this, entry, bounds, `dialing ${url}`).catch(error => { dialer.close(); throw error }) : dialer
  }
  _dial(url) {
    if (this.closed) throw new ErrClosed('the socket is closed')
    let u
    try {
      u = new URL(url, globalThis.location?.href)
    } catch (cause) {
      throw new ErrAddressInvalid(`${url}: want ws://host:port/path or wss://host:port/path`, { cause })
    }
    u.protocol = u.protocol.replace('http', 'ws') // of a URL relative to the page
    if (!/^wss?:$/.test(u.protocol)) throw new ErrNotSupported(`${url}: a page can dial ws:// and wss:// only`)
    if (u.hash) throw new ErrAddressInvalid(`${url}: there is no room for #`)
    const dialer = new Dialer(this, u.href)
    this.dialers.add(dialer)
    return dialer
  }
  /** Waits until n peers are connected. */
  async waitPeers(n = 1, bounds = {}) {
    this._check()
    const entry = { poll: () => this._pipes.length >= n && entry.resolve() }
    if (this._pipes.length < n) await wait(this, entry, bounds, 'waiting for peers')
  }
  /** Ends everything. What was sent is still written, for at most linger milliseconds. */
  async close({ linger = 1e3 } = {}) {
    if (!this.closed) {
      this.closed = true
      for (const dialer of [...this.dialers]) dialer.close()
      clearTimeout(this._timer)
      this._senders.clear()
      for (const entry of [...this._waiters]) entry.reject(new ErrClosed('the socket is closed'))
      this._emit('closed', {})
    }
    const until = Date.now() + linger
    while (Date.now() < until && this._closing.some(ws => ws.readyState !== 3 && ws.bufferedAmount > 0)) await pause()
  }
  stats() {
    return { ...this._stats, connected: this._pipes.length, buffered: this._pipes.reduce((n, p) => n + p.ws.bufferedAmount, 0), waiting: this._senders.size, queued: this._inbox?.items.length ?? 0, queuedBytes: this._inbox?.bytes ?? 0 }
  }
  get lastError() { return [...this.dialers].find(d => d.lastError)?.lastError }
  _check() { if (this.closed) throw new ErrClosed('the socket is closed') }
  _emit(type, detail) { this.dispatchEvent(Object.assign(new Event(type), detail)) }
  _refuse() {}
  _overfull() { return false }
  _deliver() { this._stats.filtered++ } // a socket that does not receive
  _timeout(what) {
    const cause = this._pipes.length ? undefined : this.lastError
    const none = this._pipes.length ? '' : `: no peer is connected${cause ? ': ' + cause.message : ''}`
    return new ErrTimeout(`timed out ${what}${none}`, { cause })
  }
  _drop(reason) {
    this._stats[reason]++
    if (Date.now() - (this._dropped[reason] ?? 0) < 1e3) return
    this._dropped[reason] = Date.now()
    this._emit('dropped', { reason, count: this._stats[reason] })
  }
  _attach(pipe) {
    this._pipes.push(pipe)
    this._stats.connects++
    this._emit('connected', { url: pipe.url })
    this._pump()
    for (const entry of [...this._waiters]) entry.poll?.()
  }
  _detach(pipe, error) {
    this._pipes = this._pipes.filter(p => p !== pipe)
    this._emit('disconnected', { url: pipe.url, error })
  }
  /** Returns the next peer that has room, in turn; of a Req the one with the fewest unanswered requests. */
  _pick() {
    const ready = this._pipes.filter(p => p.room(this._limit))
    const best = ready.reduce((a, p) => p.asked.size < a.asked.size ? p : a, ready[0])
    if (best && this._pipes.length > 1) this._pipes = [...this._pipes.filter(p => p !== best), best]
    return best
  }
  /** Sends what waits, and entry after it, as long as a peer has room. */
  _pump(entry) {
    if (entry) this._senders.add(entry)
    for (const entry of this._senders) {
      const pipe = this._pick()
      if (!pipe) break
      this._senders.delete(entry)
      pipe.send(entry.bytes)
      entry.sent(pipe)
    }
    if (this._senders.size && this._pipes.length && !this._timer) this._timer = setTimeout(() => { this._timer = undefined; this._pump() }, pollTime)
  }
  /** Sends to one peer, and waits for one that has room. */
  async _sendOne(body, header, { json = this.options.json, timeout = this.options.sendTimeout, signal } = {}) {
    this._check()
    const bytes = join(header, encode(body, json))
    const entry = { bytes, sent() { this.resolve() } }
    const done = wait(this, entry, { timeout, signal }, 'sending')
    if (!signal?.aborted) this._pump(entry)
    await done.finally(() => this._senders.delete(entry))
  }
  /** Sends to every peer; one that has no room loses the message. Then gives the browser time to send. */
  async _sendAll(body, header, json = this.options.json) {
    this._check()
    const bytes = join(header, encode(body, json))
    for (const pipe of this._pipes) this._sendLossily(pipe, bytes)
    while (this._pipes.some(pipe => pipe.drains(this._lossyLimit / 2))) await pause()
  }
  _sendLossily(pipe, bytes) {
    if (pipe.room(this._lossyLimit)) pipe.send(bytes)
    else this._drop('droppedFull')
  }
}

const cost = item => item.body.length + 64 // bytes, with those of the item itself

/** Messages that wait to be received. */
class Inbox {
  items = []
  bytes = 0
  takers = new Set()
  constructor(socket, lossy) { Object.assign(this, { socket, lossy, limit: socket.options.recvBuffer || (lossy ? 4 << 20 : 32 << 20) }) }
  /** Adds a message. A full inbox drops one, or ends the connection, which is the only way to have the peer wait. */
  push(item) {
    const [taker] = this.takers
    if (taker) return this.takers.delete(taker) && taker.resolve(item)
    const full = () => this.items.length && this.bytes + cost(item) > this.limit
    if (this.lossy && !this.socket.options.preferNew && full()) return this.socket._drop('droppedFull')
    while (this.lossy && full()) this.shift() && this.socket._drop('droppedFull')
    this.items.push(item)
    this.bytes += cost(item)
    if (!this.lossy && this.bytes > this.limit) item.pipe.close(new ErrNoMemory(`${item.pipe.url}: ${this.bytes} bytes wait that the program has not received, and a page cannot tell the peer to wait`))
  }
  shift() {
    this.bytes -= cost(this.items[0])
    return this.items.shift()
  }
  filter(keep) {
    this.items = this.items.filter(keep)
    this.bytes = this.items.reduce((n, item) => n + cost(item), 0)
  }
  async take({ timeout = this.socket.options.recvTimeout, signal } = {}) {
    this.socket._check()
    if (signal?.aborted) throw canceled(signal)
    if (this.items.length) return this.shift()
    const entry = {}
    const item = wait(this.socket, entry, { timeout, signal }, 'receiving')
    this.takers.add(entry)
    return item.finally(() => this.takers.delete(entry))
  }
}

/** Adds what a socket that receives has. */
const receiving = (Base, lossy = false) => class extends Base {
  _inbox = new Inbox(this, lossy)
  /** Waits for the next message. */
  async recv({ json = this.options.json, ...bounds } = {}) { return decode((await this._inbox.take(bounds)).body, json) }
  /** The messages, until the socket is closed. */
  async *[Symbol.asyncIterator]() {
    try {
      for (;;) yield await this.recv()
    } catch (error) {
      if (!(error instanceof ErrClosed && this.closed)) throw error
    }
  }
  _overfull() { return !lossy && this._inbox.bytes > this._inbox.limit / 2 }
  _deliver(pipe, body) { this._inbox.push({ pipe, body }) }
}

// sp.d.ts says what each socket and method does.

const noHeader = new Uint8Array()

export class Push extends Socket {
  static protocols = ['push', 'pull']
  async send(body, options) { return this._sendOne(body, noHeader, options) }
}

export class Pull extends receiving(Socket) { static protocols = ['pull', 'push'] }

export class Pair extends receiving(Socket) {
  static protocols = ['pair', 'pair']
  _hops = noHeader
  async send(body, options) { return this._sendOne(body, this._hops, options) }
  _refuse() { return this._pipes.length ? new ErrBusy('a pair socket has one peer, and another one is connected.') : undefined }
}

export class Pair1 extends Pair {
  static protocols = ['pair1', 'pair1']
  _hops = word(1)
  _deliver(pipe, data) {
    if (data.length < 4 || data[0] | data[1] | data[2]) return false
    if (data[3] > this.options.ttl) return this._drop('droppedTTL')
    super._deliver(pipe, data.subarray(4))
  }
}

export class Pub extends Socket {
  static protocols = ['pub', 'sub']
  async send(body, { json } = {}) { return this._sendAll(body, noHeader, json) }
}

export class Bus extends receiving(Socket, true) {
  static protocols = ['bus', 'bus']
  async send(body, { json } = {}) { return this._sendAll(body, noHeader, json) }
}

export class Sub extends receiving(Socket, true) {
  static protocols = ['sub', 'pub']
  _topics = new Map()
  constructor(urls, options) {
    for (const topic of [options?.topics ?? []].flat()) encode(topic) // before anything is dialed
    super(urls, options)
    this.subscribe(...[this.options.topics].flat())
  }
  subscribe(...topics) { for (const topic of topics) this._topics.set(String(encode(topic)), encode(topic).slice()) }
  /** Ends all of these subscriptions, or none. Messages that wait and match none any more are removed. */
  unsubscribe(...topics) {
    const left = new Map(this._topics)
    for (const topic of topics) if (!left.delete(String(encode(topic)))) throw new ErrNoEntry('there is no such subscription')
    this._topics = left
    this._inbox.filter(item => this._matches(item.body))
  }
  _matches(body) {
    for (const topic of this._topics.values()) if (topic.length <= body.length && topic.every((b, i) => b === body[i])) return true
    return false
  }
  _deliver(pipe, body) {
    if (this._matches(body)) super._deliver(pipe, body)
    else this._stats.filtered++
  }
}

/** What Req and Surveyor have. */
class Asker extends Socket {
  _questions = new Map() // by the ID: {answer(body, pipe)}
  _id = Math.floor(Math.random() * 2 ** 31)
  _nextID() { return this._id = (this._id + 1) % 2 ** 31 }
  _deliver(pipe, data) {
    if (backtrace(data) !== 4) return false
    const question = this._questions.get(new DataView(data.buffer).getUint32(0) & 0x7fffffff)
    if (!question) return this._drop('droppedLate')
    question.answer(data.subarray(4), pipe)
  }
}

export class Req extends Asker {
  static protocols = ['req', 'rep']
  /** Sends a request and returns the reply. Any number of requests may be under way. */
  async request(body, { json = this.options.json, timeout = this.options.recvTimeout, signal } = {}) {
    this._check()
    const id = this._nextID()
    const request = { bytes: join(word(id | 0x80000000), encode(body, json)), sent: pipe => this._sent(request, pipe), answer: body => request.resolve(body) }
    const reply = wait(this, request, { timeout, signal }, 'waiting for a reply')
    this._questions.set(id, request)
    if (!signal?.aborted) this._pump(request)
    try {
      return decode(await reply, json)
    } finally {
      this._questions.delete(id)
      this._withdraw(request)
    }
  }
  _sent(request, pipe) {
    request.pipe = pipe
    pipe.asked.add(request)
    const { resendTime } = this.options
    if (resendTime) request.timer = setTimeout(() => { this._withdraw(request); this._pump(request) }, resendTime)
  }
  _withdraw(request) {
    clearTimeout(request.timer)
    this._senders.delete(request)
    request.pipe?.asked.delete(request)
  }
  _detach(pipe, error) {
    super._detach(pipe, error)
    const lost = [...pipe.asked]
    for (const request of lost) this._withdraw(request)
    if (!this.options.resendTime) return lost.forEach(request => request.reject(error))
    this._senders = new Set([...lost, ...this._senders])
    this._pump()
  }
}

/** What Rep and Respondent have. */
class Replier extends receiving(Socket) {
  /** Waits for the next request; send answers it. */
  async recv({ json = this.options.json, ...bounds } = {}) {
    this._request = undefined
    this._request = await this._inbox.take(bounds)
    return decode(this._request.body, json)
  }
  /** Answers the request that was received last. */
  async send(body, { json = this.options.json } = {}) {
    this._check()
    if (!this._request) throw new ErrBadState('there is no request to answer')
    const request = this._request
    const bytes = encode(body, json)
    this._request = undefined
    this._reply(request, bytes)
  }
  /** Answers requests by handler(body), at most concurrency at a time, until the socket is closed or the signal says so. */
  async serve(handler, { json = this.options.json, concurrency = 64, signal } = {}) {
    const work = async () => {
      for (;;) {
        const request = await this._inbox.take({ timeout: 0, signal })
        try {
          const reply = await handler(decode(request.body, json), { signal, url: request.pipe.url })
          if (reply !== undefined && !this.closed) this._reply(request, encode(reply, json))
        } catch (error) {
          this.options.log?.(`sp.js: a handler failed, its request goes unanswered: ${error?.stack ?? error}`)
        }
      }
    }
    this._check()
    await Promise.allSettled(Array.from({ length: concurrency }, work)) // they end by ErrClosed or ErrCanceled
  }
  _reply({ pipe, header }, bytes) { if (pipe.dialer.pipe === pipe) this._sendLossily(pipe, join(header, bytes)) }
  _deliver(pipe, data) {
    const n = backtrace(data)
    if (!n) return false
    if (n / 4 > this.options.ttl) return this._drop('droppedTTL')
    this._inbox.push({ pipe, header: data.slice(0, n), body: data.subarray(n) })
  }
}

export class Rep extends Replier { static protocols = ['rep', 'req'] }

export class Respondent extends Replier { static protocols = ['respondent', 'surveyor'] }

export class Surveyor extends Asker {
  static protocols = ['surveyor', 'respondent']
  /** Sends a survey to all peers. The iterator has the responses that come within timeout, by default surveyTime. */
  async *survey(body, { json = this.options.json, timeout = this.options.surveyTime, signal } = {}) {
    const id = this._nextID()
    const responses = new Inbox(this, true)
    const end = Date.now() + timeout
    this._questions.set(id, { answer: (body, pipe) => responses.push({ body, pipe }) })
    try {
      await this._sendAll(encode(body, json), word(id | 0x80000000), false)
      for (let left = timeout; left > 0 || responses.items.length; left = end - Date.now()) {
        yield decode((await responses.take({ timeout: left, signal })).body, json)
      }
    } catch (error) {
      if (signal?.aborted || !(error instanceof ErrTimeout || this.closed)) throw error
    } finally {
      this._questions.delete(id)
    }
  }
}
