/** Why a connection failed, in words that say what to do. */
const unknownSigner = 'who signed the certificate of the robot is not known here: put the certificate of that authority into the option ca';
const noTls = 'no TLS on that port: is it ws:// instead?';

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there: is rosbridge running (ros2 launch rosbridge_server rosbridge_websocket_launch.xml), and the port right?',
  ECONNRESET: 'it hung up before it answered: does the port expect TLS (wss://)?',
  ENOTFOUND: 'there is no host of that name',
  EHOSTUNREACH: 'the robot cannot be reached: is it on, and in this network?',
  ENETUNREACH: 'there is no network to the robot',
  CERT_HAS_EXPIRED: 'the certificate of the robot has expired: renew it there. If it has not, the clock of this device is wrong',
  CERT_NOT_YET_VALID: 'the certificate of the robot is not valid yet: is the clock of this device right?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the robot is for another name than the one in url',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the robot is signed by itself: put it into the option ca',
  SELF_SIGNED_CERT_IN_CHAIN: unknownSigner,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownSigner,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownSigner,
  UNABLE_TO_GET_ISSUER_CERT: unknownSigner,
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
};

/** Of a fault before the connection was open. */
export function handshakeWords({ code, message }: NodeJS.ErrnoException): string {
  if (code !== undefined && Object.hasOwn(words, code)) return `${words[code]} (${code})`;
  // Those of ws have no code; with HPE_ it was not even HTTP.
  return code === undefined || code.startsWith('HPE_') ? `it answered as no WebSocket server does (${message})` : message || code;
}

/** Of a fault in what came afterwards. `mostBytes`: of one message. */
export function messageWords({ code = '', message }: NodeJS.ErrnoException, mostBytes: number): string {
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return `it sent a message of more than ${mostBytes} bytes`;
  return code.startsWith('WS_ERR_') ? `what it sent is against the WebSocket protocol (${message})` : message || code;
}
