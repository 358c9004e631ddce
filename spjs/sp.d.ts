/** What can be sent. Any other value needs the option json. */
export type Body = Uint8Array | ArrayBuffer | string
/** What is received: bytes, or with the option json any value. */
export type Received<J extends boolean> = J extends true ? any : Uint8Array
/** What can be sent under the option json: any value that JSON has. */
export type Sendable<J extends boolean> = J extends true ? unknown : Body

/** Bounds of a call that waits. */
export interface Bounds {
  /** Milliseconds; 0 is no limit. Then the call fails with ErrTimeout. */
  timeout?: number
  /** Ends the call with ErrCanceled, or with ErrTimeout if it is one of AbortSignal.timeout. */
  signal?: AbortSignal
}

export interface Options<J extends boolean = false> {
  /** Bodies are values in JSON. Default false: they are bytes. A call may say otherwise. */
  json?: J
  /** How long a receive waits, in milliseconds, and a request for its reply. Default 0: without limit. */
  recvTimeout?: number
  /** How long a send waits for a peer with room, in milliseconds. Default 0: without limit. */
  sendTimeout?: number
  /** The largest message that is received, in bytes; a larger one ends the connection. Default 1 MiB; 0 is no limit. */
  recvMaxSize?: number
  /** How many bytes the browser may hold for a peer. Then a send waits, or where the protocol drops the message is dropped. Default 256 KiB, or 4 MiB where messages are dropped. */
  sendBuffer?: number
  /** How many bytes may wait to be received. Then Sub, Bus and Surveyor drop; Pull, Pair, Rep and Respondent disconnect, and come back when half is received. Default 4 MiB where messages are dropped, else 32 MiB. */
  recvBuffer?: number
  /** The first pause before dialing again, in milliseconds. Pauses double, and each is shortened by up to a half. Default 100. */
  reconnectMin?: number
  /** The longest pause before dialing again, in milliseconds. Default 5000. */
  reconnectMax?: number
  /** How many hops a message may have made. Default 8. */
  ttl?: number
  /** Req: an unanswered request is sent again after this time, in milliseconds, and when its peer goes. Default 60000; 0: never, and when the peer goes it fails with ErrConnectionReset. */
  resendTime?: number
  /** Surveyor: how long a survey goes on, in milliseconds. Default 1000. */
  surveyTime?: number
  /** Sub: what to subscribe to. Default: nothing. The empty topic is everything. */
  topics?: string | Uint8Array | Array<string | Uint8Array>
  /** Sub: a full queue drops its oldest message. Default true; with false the newest. */
  preferNew?: boolean
  /** Closes the socket. */
  signal?: AbortSignal
  /** Is told of the first failure to connect in a row, and of handlers that fail. Default: console.warn; null: nobody. */
  log?: ((text: string) => void) | null
  /** The class to connect with. Default: the WebSocket that there is. */
  WebSocket?: new (url: string, protocols: string[]) => WebSocket
}

export interface Stats {
  sent: number
  sentBytes: number
  received: number
  receivedBytes: number
  /** Dropped because a queue was full. */
  droppedFull: number
  /** Dropped because nobody waits for them any more: replies and responses. */
  droppedLate: number
  /** Dropped because they had made too many hops. */
  droppedTTL: number
  /** Received, and of no topic of a Sub; or received by a socket that does not receive. */
  filtered: number
  connects: number
  dialFailures: number
  /** Peers now. */
  connected: number
  /** Bytes that the browser holds for peers now. */
  buffered: number
  /** Sends and requests that wait for a peer with room. */
  waiting: number
  /** Messages that wait to be received, and their bytes with 64 for each message. */
  queued: number
  queuedBytes: number
}

/** What happens to a socket. */
export interface Events {
  connected: Event & { url: string }
  disconnected: Event & { url: string; error: SPError }
  dialfailed: Event & { url: string; error: SPError }
  /** At most one a second for each reason; count is how many there were in all. */
  dropped: Event & { reason: 'droppedFull' | 'droppedLate' | 'droppedTTL'; count: number }
  closed: Event
}

/** Keeps a socket connected to one URL. */
export interface Dialer {
  readonly url: string
  readonly connected: boolean
  /** Why the last attempt failed, or the last connection ended; undefined while connected. */
  readonly lastError: SPError | undefined
  /** Stops dialing and disconnects. */
  close(): void
}

/** What all sockets have. */
declare class Socket<J extends boolean = false> extends EventTarget {
  /** Dials the URLs, each again whenever it is not connected. A URL may be relative to the page. */
  constructor(urls?: string | string[], options?: Options<J>)
  readonly options: Readonly<Options<J>>
  readonly closed: boolean
  readonly dialers: ReadonlySet<Dialer>
  /** The error of the first dialer that is not connected. */
  readonly lastError: SPError | undefined
  /** Dials one URL more. With wait it returns when connected, and throws the first failure instead of trying again. */
  dial(url: string, options?: Bounds & { wait?: boolean }): Promise<Dialer>
  /** Waits until n peers, by default one, are connected. */
  waitPeers(n?: number, bounds?: Bounds): Promise<void>
  /** Ends everything. Calls that wait fail with ErrClosed. What was sent is still written: close returns when it is, or after linger milliseconds, by default 1000. */
  close(options?: { linger?: number }): Promise<void>
  stats(): Stats
  addEventListener<K extends keyof Events>(type: K, listener: (event: Events[K]) => void, options?: boolean | AddEventListenerOptions): void
  removeEventListener<K extends keyof Events>(type: K, listener: (event: Events[K]) => void, options?: boolean | EventListenerOptions): void
}

interface SendOne<J extends boolean> {
  /** Waits until a peer has room. Then body is the caller's again. Never fails because nobody is there yet. */
  send<C extends boolean = J>(body: Sendable<C>, options?: Bounds & { json?: C }): Promise<void>
}

interface SendNow<J extends boolean> {
  /** Does not wait: a peer that has no room loses the message. */
  send<C extends boolean = J>(body: Sendable<C>, options?: { json?: C }): Promise<void>
}

interface Receive<J extends boolean> extends AsyncIterable<Received<J>> {
  /** Waits for the next message, which belongs to the caller. */
  recv<C extends boolean = J>(options?: Bounds & { json?: C }): Promise<Received<C>>
  /** The messages, until the socket is closed. */
  [Symbol.asyncIterator](): AsyncGenerator<Received<J>, void, undefined>
}

interface Reply<J extends boolean> extends Receive<J>, SendNow<J> {
  /**
   * Answers each request with what handler returns; undefined leaves it unanswered, and so does an error, which is
   * logged. At most concurrency handlers run at a time, by default 64. Returns when the socket is closed, or the signal
   * has ended it and the handlers have returned.
   */
  serve<C extends boolean = J>(
    handler: (body: Received<C>, info: { url: string; signal?: AbortSignal }) => Sendable<C> | undefined | Promise<Sendable<C> | undefined>,
    options?: { json?: C; concurrency?: number; signal?: AbortSignal },
  ): Promise<void>
}

/** Asks: each request is answered by one of its peers, that with the fewest unanswered ones. */
export class Req<J extends boolean = false> extends Socket<J> {
  /** Sends a request and returns the reply. Any number may be under way. When the peer goes, another one is asked. */
  request<C extends boolean = J>(body: Sendable<C>, options?: Bounds & { json?: C }): Promise<Received<C>>
}
/** Answers requests: by serve, or by recv and then send. */
export class Rep<J extends boolean = false> extends Socket<J> {}
export interface Rep<J extends boolean = false> extends Reply<J> {}
/** Sends each message to all its peers. */
export class Pub<J extends boolean = false> extends Socket<J> {}
export interface Pub<J extends boolean = false> extends SendNow<J> {}
/** Receives the messages that begin with one of its topics; without a topic none. */
export class Sub<J extends boolean = false> extends Socket<J> {
  subscribe(...topics: Array<string | Uint8Array>): void
  /** Messages that wait and match no topic any more are removed. A topic that there is not is ErrNoEntry. */
  unsubscribe(...topics: Array<string | Uint8Array>): void
}
export interface Sub<J extends boolean = false> extends Receive<J> {}
/** Sends each message to one of its peers, in turn. */
export class Push<J extends boolean = false> extends Socket<J> {}
export interface Push<J extends boolean = false> extends SendOne<J> {}
/** Receives from all its peers. */
export class Pull<J extends boolean = false> extends Socket<J> {}
export interface Pull<J extends boolean = false> extends Receive<J> {}
/** Has one peer: version 0 of the protocol, gonng.Pair0. */
export class Pair<J extends boolean = false> extends Socket<J> {}
export interface Pair<J extends boolean = false> extends SendOne<J>, Receive<J> {}
/** Has one peer, and counts hops: version 1 of the protocol. */
export class Pair1<J extends boolean = false> extends Pair<J> {}
/** Asks all its peers. */
export class Surveyor<J extends boolean = false> extends Socket<J> {
  /** Sends a survey to all peers when the iteration begins. It has the responses that come within timeout, by default surveyTime. */
  survey<C extends boolean = J>(body: Sendable<C>, options?: Bounds & { json?: C }): AsyncGenerator<Received<C>, void, undefined>
}
/** Answers surveys, as Rep does requests. It need not. */
export class Respondent<J extends boolean = false> extends Socket<J> {}
export interface Respondent<J extends boolean = false> extends Reply<J> {}
/** Sends to all its peers, and receives from them. */
export class Bus<J extends boolean = false> extends Socket<J> {}
export interface Bus<J extends boolean = false> extends SendNow<J>, Receive<J> {}

/** Returns a body as text. */
export function text(body: Uint8Array): string

/** An error of a kind that gonng has, too, with nng's number. */
export class SPError extends Error {
  /** The name of the kind, such as ErrTimeout. */
  readonly name: string
  readonly code: number
  /** What the error comes from; a timeout while nobody is connected has the last failure to connect. */
  readonly cause?: unknown
}
/** What was not received in time needs too much memory. */
export class ErrNoMemory extends SPError {}
/** An argument or option is invalid. */
export class ErrInvalid extends SPError {}
/** A pair has its peer already. */
export class ErrBusy extends SPError {}
export class ErrTimeout extends SPError {}
/** No connection came about. The text says what may be the reason. */
export class ErrConnectionRefused extends SPError {}
export class ErrClosed extends SPError {}
/** A page cannot do this. */
export class ErrNotSupported extends SPError {}
/** There is no request to answer. */
export class ErrBadState extends SPError {}
/** There is no such subscription. */
export class ErrNoEntry extends SPError {}
/** The peer broke the rules, or speaks another protocol. */
export class ErrProtocol extends SPError {}
export class ErrAddressInvalid extends SPError {}
export class ErrMessageTooLarge extends SPError {}
/** The peer has gone. */
export class ErrConnectionReset extends SPError {}
export class ErrCanceled extends SPError {}
