/**
 * The gate's door for taps of other machines: TCP under TLS 1.3, the same frames behind it.
 * TD1. TLS says who the gate is; who a tap is, its signed hello says, as on the local socket (HL1).
 * TD2. A handshake that is not over in five seconds is ended; nothing is read before it is.
 */
import { createServer, type Server, type TLSSocket } from 'node:tls';

const handshakeMsMax = 5_000;

export interface TlsDoor {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface OpenTlsDoor {
  readonly port: number;
  /** Ends the listening; connections are the caller's to end. */
  stop(): Promise<void>;
}

/** @throws when the address is taken or the certificate cannot be used. */
export async function openTlsDoor({ host, port, cert, key }: TlsDoor, welcome: (socket: TLSSocket) => void): Promise<OpenTlsDoor> {
  const server: Server = createServer({ cert, key, minVersion: 'TLSv1.3', handshakeTimeout: handshakeMsMax }, welcome);
  // A handshake that fails is the peer's affair; without a listener it would end the process.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : port, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}
