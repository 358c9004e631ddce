// A program that uses every name of sp.d.ts. It is compiled, not run.
import {
  Req, Rep, Pub, Sub, Push, Pull, Pair, Pair1, Surveyor, Respondent, Bus, text, SPError,
  ErrNoMemory, ErrInvalid, ErrBusy, ErrTimeout, ErrConnectionRefused, ErrClosed, ErrNotSupported, ErrBadState, ErrNoEntry,
  ErrProtocol, ErrAddressInvalid, ErrMessageTooLarge, ErrConnectionReset, ErrCanceled,
} from './sp.js'
import type { Body, Received, Sendable, Bounds, Options, Stats, Events, Dialer } from './sp.js'

const controller = new AbortController()
const bounds: Bounds = { timeout: 1000, signal: controller.signal }
const options: Options = {
  json: false, recvTimeout: 1, sendTimeout: 1, recvMaxSize: 1, sendBuffer: 1, recvBuffer: 1, reconnectMin: 1, reconnectMax: 1, ttl: 1,
  resendTime: 1, surveyTime: 1, topics: ['a', new Uint8Array()], preferNew: true, signal: controller.signal, log: null, WebSocket,
}
const body: Body = 'x'
const sendable: Sendable<true> = { any: 'value' }
const received: Received<false> = new Uint8Array()

export async function all(): Promise<void> {
  const req = new Req(['ws://a', '/b'], options)
  const reply: Uint8Array = await req.request(body, bounds)
  const rep = new Rep('ws://a')
  await rep.serve(async (b, { url, signal }) => (signal?.aborted ? undefined : text(b) + url), { concurrency: 4, signal: controller.signal })
  await rep.recv(bounds)
  await rep.send(new ArrayBuffer(1))
  const asked = new Req('ws://a', { json: true })
  const value = await asked.request({ a: 1 })
  value.anything
  const once = await req.request({ a: 1 }, { json: true })
  once.anything

  const sub = new Sub('ws://a', { topics: 'a' })
  sub.subscribe('b', new Uint8Array())
  sub.unsubscribe('b')
  for await (const m of sub) m.byteLength
  const one: Uint8Array = await sub.recv({ timeout: 1 })
  await new Pub('ws://a').send(one)
  await new Push('ws://a').send(reply, bounds)
  for await (const m of new Pull('ws://a', { json: true })) m.anything
  const pair = new Pair('ws://a')
  const pair1: Pair = new Pair1('ws://a')
  await pair.send(await pair1.recv())
  const bus = new Bus('ws://a', { json: true })
  await bus.send(sendable)
  await bus.recv()
  for await (const m of new Surveyor('ws://a').survey('x', bounds)) text(m)
  await new Respondent('ws://a').serve(() => undefined)

  const dialer: Dialer = await req.dial('ws://b', { wait: true, ...bounds })
  if (!dialer.connected) console.log(dialer.url, dialer.lastError?.code)
  dialer.close()
  await req.waitPeers(1, bounds)
  const connected = (e: Events['connected']) => console.log(e.url)
  req.addEventListener('connected', connected)
  req.removeEventListener('connected', connected)
  req.addEventListener('disconnected', e => console.log(e.url, e.error.message))
  req.addEventListener('dialfailed', e => console.log(e.error.cause))
  req.addEventListener('dropped', e => console.log(e.reason, e.count))
  req.addEventListener('closed', () => {})
  const s: Stats = req.stats()
  console.log(s.sent + s.sentBytes + s.received + s.receivedBytes + s.droppedFull + s.droppedLate + s.droppedTTL + s.filtered +
    s.connects + s.dialFailures + s.connected + s.buffered + s.waiting + s.queued + s.queuedBytes)
  console.log(req.options.ttl, req.closed, req.dialers.size, req.lastError, received)
  await req.close({ linger: 100 })

  try {
    await req.request('x')
  } catch (e) {
    for (const kind of [ErrNoMemory, ErrInvalid, ErrBusy, ErrTimeout, ErrConnectionRefused, ErrClosed, ErrNotSupported, ErrBadState, ErrNoEntry,
      ErrProtocol, ErrAddressInvalid, ErrMessageTooLarge, ErrConnectionReset, ErrCanceled]) if (e instanceof kind) console.log(e.name, e.code)
    if (e instanceof SPError) console.log(e.message)
  }

  // What must not compile.
  // @ts-expect-error: a Sub does not send
  sub.send('x')
  // @ts-expect-error: a Push does not receive
  new Push('ws://a').recv()
  // @ts-expect-error: a Pub does not receive
  for await (const m of new Pub('ws://a')) console.log(m)
  // @ts-expect-error: a Pull does not send
  new Pull('ws://a').send('x')
  // @ts-expect-error: without json a body is bytes or text
  pair.send({ a: 1 })
  // @ts-expect-error: there is no such option
  new Sub('ws://a', { topic: 'x' })
  // @ts-expect-error: what is received is bytes
  const wrong: string = await pair.recv()
}
