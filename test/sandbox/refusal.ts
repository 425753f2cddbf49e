// Refuses a connection of this process, as where nobody listens.
import { Socket } from 'node:net';

/** A port of loopback that nobody listens on: `tcpmux`, long out of use, below those that programs are given. */
const CLOSED_PORT = 1;

/** What the connections of this process come to. */
export interface Refusal {
  /** Connections begun so far. */
  readonly begun: number;
  /** Whether the one that was to be refused was begun. */
  readonly happened: boolean;
  /** From now on connections are left alone. */
  stop(): void;
}

/**
 * Refuses one connection that a client of this process begins: it is sent to a port that nobody listens on, and so
 * refused by the machine itself. The server does not notice, and the other connections are not touched.
 *
 * @param nth which one, counted from 1 from now on; 0 counts only
 */
export function refuseConnection(nth: number): Refusal {
  let begun = 0;
  const connect: unknown = Reflect.get(Socket.prototype, 'connect');
  if (typeof connect !== 'function') throw new TypeError('Sockets of this Node do not connect.');
  Reflect.set(Socket.prototype, 'connect', function (this: Socket, ...wanted: unknown[]): unknown {
    const given = ++begun === nth ? [{ host: '127.0.0.1', port: CLOSED_PORT }] : wanted;
    const socket: unknown = Reflect.apply(connect, this, given);
    return socket;
  });
  return {
    get begun() {
      return begun;
    },
    get happened() {
      return begun >= nth;
    },
    stop: () => {
      Reflect.set(Socket.prototype, 'connect', connect);
    },
  };
}
