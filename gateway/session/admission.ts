import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import type { GatewayLimits } from '../limits.js';
import type { SharedLimits } from '../shared/shared-limits.js';
import { Allowances, type AllowanceTable } from './allowances.js';
import { type ClientOrigin, originOf } from './client-address.js';
import { type Bucket, timesRates } from './token-bucket.js';
import { limitRefusal, type Refusal } from './upgrade.js';

/** After it a socket that was told to go is closed, whether its client reads that or not; nobody is told when. */
const LINGERS_MS = 20_000;

export interface AdmissionOptions {
  readonly limits: GatewayLimits;
  /** The operator says that a proxy on this machine stands before the port. */
  readonly behindProxy: boolean;
  /** Null: no other thread listens on the port. */
  readonly shared: SharedLimits | null;
  readonly nowMs: () => number;
}

/** Who may come in by the public port: sockets, whatever they are for, and the WebSockets of all its doors among them. */
export class Admission {
  /** WebSockets of this thread. */
  connections = 0;
  /** Sockets that were closed unanswered, because there were too many. */
  refusedSockets = 0;
  private sockets = 0;
  /** When those are closed that were told to go, in order. */
  private readonly lingering: number[] = [];
  /** What each IP address may send. */
  private readonly addresses: AllowanceTable<string>;
  private readonly options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    const { limits, shared } = options;
    this.options = options;
    const rates = timesRates(limits, limits.accountsPerAddress);
    this.addresses = shared?.addresses ?? new Allowances(rates);
  }

  /**
   * Counts the sockets of an app, and closes those above the limit. They are closed before they have said anything, so there is nothing that could
   * be answered: who would keep the last descriptors of the process for sockets would keep them from its journals.
   */
  watch(app: TemplatedApp): void {
    app.filter((response, change) => this.sawSocket(response, Number(change)));
  }

  originOf(response: HttpResponse, request: HttpRequest): ClientOrigin {
    return originOf(response, request, this.options.behindProxy);
  }

  /** Why a client may not open a WebSocket, null: he may. */
  refusal({ charged }: ClientOrigin): Refusal | null {
    const { limits, shared } = this.options;
    const { connectionsMax, connectionsPerAddressMax } = limits;
    if (this.connections + (shared?.connectionsElsewhere ?? 0) >= connectionsMax) {
      return limitRefusal('503 Service Unavailable', 'connections', connectionsMax);
    }
    if (this.addresses.users(charged) < connectionsPerAddressMax) return null;
    const whose = 'connections from one address';
    return limitRefusal('429 Too Many Requests', whose, connectionsPerAddressMax);
  }

  /** A WebSocket has been opened; gives the allowance of its address. */
  enter({ charged }: ClientOrigin): Bucket {
    this.countConnections(1);
    return this.addresses.enter(charged, this.options.nowMs());
  }

  /** A WebSocket has been closed; `lingers`: it was told to go, and its socket is there until the client has read that. */
  leave({ charged }: ClientOrigin, lingers: boolean): void {
    this.countConnections(-1);
    // The filter hears of the ends of sockets that have not become WebSockets only.
    if (lingers) this.lingering.push(this.options.nowMs() + LINGERS_MS);
    else this.countSockets(-1);
    this.addresses.leave(charged);
  }

  /** About once a second. */
  sweep(nowMs: number): void {
    if (this.options.shared === null) this.addresses.sweep(nowMs);
    const gone = this.lingering.findIndex((untilMs) => untilMs > nowMs);
    const ended = this.lingering.splice(0, gone < 0 ? this.lingering.length : gone);
    this.countSockets(-ended.length);
  }

  /** `change`: 1 for one that has been opened, −1 for one that has ended. */
  private sawSocket(response: HttpResponse, change: number): void {
    this.countSockets(change);
    if (change !== 1 || this.socketsEverywhere() <= this.options.limits.socketsMax) return;
    this.refusedSockets++;
    // Takes it out of the count, too.
    response.close();
  }

  private countConnections(change: number): void {
    this.connections += change;
    this.options.shared?.noteConnections(this.connections);
  }

  private countSockets(change: number): void {
    this.sockets += change;
    this.options.shared?.noteSockets(this.sockets);
  }

  private socketsEverywhere(): number {
    return this.sockets + (this.options.shared?.socketsElsewhere ?? 0);
  }
}
