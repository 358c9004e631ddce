// The side of a conversation that the page has, by the name of its protocol. run ends when n
// messages have gone each way in which the protocol has them; it throws when one is wrong.
import * as sp from './sp.js'

const size = 1024
const body = i => {
  const b = new Uint8Array(size).fill(i)
  new DataView(b.buffer).setUint32(0, i)
  return b
}
const check = (b, i) => {
  const want = body(i)
  if (b.length !== size || b.some((x, k) => x !== want[k])) throw new Error(`message ${i} is ${b.subarray(0, 8)}…, ${b.length} bytes`)
}
const send = async (s, n) => { for (let i = 0; i < n; i++) await s.send(body(i)) }
const receive = async (s, n) => {
  let i = 0
  for await (const b of s) {
    check(b, i)
    if (++i === n) return
  }
}
const both = (s, n) => Promise.all([send(s, n), receive(s, n)])
const ask = async (s, n) => {
  let next = 0
  await Promise.all(Array.from({ length: 64 }, async () => { for (let i; (i = next++) < n;) check(await s.request(body(i)), i) }))
}
const answer = async (s, n) => {
  let left = n
  let answered
  const all = new Promise(resolve => { answered = resolve })
  s.serve(b => { if (--left === 0) setTimeout(answered, 0); return b })
  await all
}
const survey = async (s, n) => {
  for (let i = 0; i < n; i++) {
    let answers = 0
    for await (const b of s.survey(body(i), { timeout: 30e3 })) {
      check(b, i)
      answers++
      break
    }
    if (answers !== 1) throw new Error(`survey ${i} has no response`)
  }
}
const cases = {
  push: [sp.Push, send], pull: [sp.Pull, receive], pub: [sp.Pub, send], sub: [sp.Sub, receive], pair: [sp.Pair, both], pair1: [sp.Pair1, both],
  bus: [sp.Bus, both], req: [sp.Req, ask], rep: [sp.Rep, answer], surveyor: [sp.Surveyor, survey], respondent: [sp.Respondent, answer],
}

export async function run(name, url, n) {
  const [Socket, talk] = cases[name]
  const s = new Socket(url, name === 'sub' ? { topics: '' } : {})
  await s.waitPeers(1, { timeout: 30e3 })
  await talk(s, n)
  const { droppedFull, droppedLate } = s.stats()
  if (droppedFull + droppedLate) throw new Error(`dropped ${droppedFull}, late ${droppedLate}`)
  await s.close({ linger: 30e3 })
}

/** The kind and the text of the error that a promise ends in. */
export const failure = promise => promise.then(() => 'no error', e => `${e.name} ${e.code}: ${e.message}`)
export { sp }
