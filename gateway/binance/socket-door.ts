import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js';
import type { GatewayLimits } from '../limits.js';
import type { Admission } from '../session/admission.js';
import type { Backlogs } from '../session/backlogs.js';
import { socketOptions } from '../session/socket-options.js';
import { refuseUpgrade } from '../session/upgrade.js';
import type { ApiDoor } from './api-door.js';
import type { StreamDoor } from './stream-door.js';
import { type SocketData, StreamSocket } from './stream-socket.js';

/** Addresses that newer clients use for the same streams: they sort them by who may read them. */
const PREFIXES = ['', '/public', '/private', '/market'];
const SOCKET_BYTES_MAX = 64 * 1024;
/** Numbers of connections, as some clients put them into the address, name no stream. */
const CONNECTION_NUMBER = /^[0-9]{1,6}$/;

export interface SocketDoorContext {
  readonly limits: GatewayLimits;
  readonly streams: StreamDoor;
  readonly api: ApiDoor;
  readonly admission: Admission;
  readonly backlogs: Backlogs;
}

/** All WebSockets of this dialect: `/ws`, `/stream` and `/ws-fapi/v1`. */
export class SocketDoor {
  private readonly context: SocketDoorContext;
  private readonly open = new Set<StreamSocket>();
  private readonly touched = new Set<StreamSocket>();

  constructor(context: SocketDoorContext) {
    this.context = context;
  }

  /** Nothing waits to be sent. */
  get empty(): boolean {
    return this.touched.size === 0;
  }

  register(app: TemplatedApp): void {
    for (const prefix of PREFIXES) {
      this.listen(app, `${prefix}/ws`, 'raw');
      this.listen(app, `${prefix}/ws/*`, 'raw');
      this.listen(app, `${prefix}/stream`, 'combined');
    }
    this.listen(app, '/ws-fapi/v1', 'api');
  }

  flush(): void {
    if (this.touched.size === 0) return;
    const sockets = [...this.touched];
    this.touched.clear();
    for (const socket of sockets) socket.flush();
  }

  /** Ends all connections: the exchange stops. */
  close(): void {
    for (const socket of this.open) socket.end(1001, 'the exchange stops; reconnect');
  }

  private listen(app: TemplatedApp, pattern: string, kind: SocketData['kind']): void {
    app.ws<SocketData>(pattern, {
      ...socketOptions(SOCKET_BYTES_MAX, this.context.limits.idleTimeoutS),
      upgrade: (response, request, context) => this.upgrade(response, request, context, kind),
      open: (socket) => this.opened(socket),
      message: (socket, message) => this.received(socket, message),
      drain: (socket) => socket.getUserData().socket?.drained(),
      close: (socket) => this.closed(socket),
    });
  }

  private upgrade(
    response: HttpResponse,
    request: HttpRequest,
    context: us_socket_context_t,
    kind: SocketData['kind'],
  ): void {
    const { admission } = this.context;
    const origin = admission.originOf(response, request);
    const refusal = admission.refusal(origin);
    if (refusal !== null) {
      refuseUpgrade(response, refusal);
      return;
    }
    response.upgrade<SocketData>(
      { kind, streams: kind === 'api' ? [] : streamsOf(request), origin, socket: null },
      request.getHeader('sec-websocket-key'),
      request.getHeader('sec-websocket-protocol'),
      request.getHeader('sec-websocket-extensions'),
      context,
    );
  }

  private opened(socket: WebSocket<SocketData>): void {
    const { backlogs, streams } = this.context;
    const data = socket.getUserData();
    const bucket = this.context.admission.enter(data.origin);
    const own = new StreamSocket(socket, bucket, backlogs, this.touched);
    data.socket = own;
    this.open.add(own);
    if (data.kind !== 'api') streams.open(own, data.streams);
  }

  private received(socket: WebSocket<SocketData>, message: ArrayBuffer): void {
    const { kind, socket: own } = socket.getUserData();
    if (own === null || own.lingers) return;
    const text = Buffer.from(message).toString('utf8');
    if (kind === 'api') this.context.api.receive(own, text);
    else this.context.streams.receive(own, text);
    this.flush();
  }

  private closed(socket: WebSocket<SocketData>): void {
    const own = socket.getUserData().socket;
    if (own === null) return;
    own.gone();
    this.open.delete(own);
    this.context.admission.leave(own.origin, own.lingers);
    this.touched.delete(own);
    this.context.streams.close(own);
  }
}

/** Names in the path (`/ws/a`, also several behind slashes) and in the query (`streams=a/b`, `listenKey=…`). */
function streamsOf(request: HttpRequest): string[] {
  const path = request.getUrl();
  const at = path.indexOf('/ws/');
  const inPath = at < 0 ? '' : path.slice(at + '/ws/'.length);
  const inQuery = request.getQuery('streams') ?? '';
  const listenKey = request.getQuery('listenKey') ?? '';
  return [inPath, inQuery, listenKey]
    .flatMap((names) => readable(names).split('/'))
    .filter((name) => name !== '' && !CONNECTION_NUMBER.test(name));
}

function readable(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
