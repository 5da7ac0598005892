/** Why there is no connection, in words that say what to do. */
import { MienError } from '@mien/core/plugin';

const ofSystem: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there: is the broker running, and is the port right (1883, with TLS 8883)?',
  ENOTFOUND: 'there is no host of that name: check url',
  EAI_AGAIN: 'the name cannot be looked up now: is this device in the network?',
  ETIMEDOUT: 'no answer: is a firewall in between?',
  EHOSTUNREACH: 'the host cannot be reached: is it on, and in this network?',
  ENETUNREACH: 'there is no way to that network: is this device connected?',
  ECONNRESET: 'the broker closed the connection: does the port expect TLS (mqtts://), or does the broker not know this client?',
  EPIPE: 'the broker closed the connection',
  EPROTO: 'no TLS on that port: use mqtt:// (or ws://), or the port for TLS (8883)',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no TLS on that port: use mqtt:// (or ws://), or the port for TLS (8883)',
  CERT_HAS_EXPIRED: 'the certificate of the broker has expired: renew it there. If it has not, the clock of this device is wrong',
  CERT_NOT_YET_VALID: 'the certificate of the broker is not valid yet: is the clock of this device right?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the broker is signed by itself: put it into tls.ca',
  SELF_SIGNED_CERT_IN_CHAIN:
    'an authority that this device does not know signed the certificate of the broker: put the certificate of that authority into tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'who signed the certificate of the broker is not known here: put the certificate of that authority into tls.ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'who signed the certificate of the broker is not known here: put the certificate of that authority into tls.ca',
  UNABLE_TO_GET_ISSUER_CERT: 'who signed the certificate of the broker is not known here: put the certificate of that authority into tls.ca',
  CERT_SIGNATURE_FAILURE: 'tls.ca did not sign the certificate of the broker: it is of another authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the broker is for another name: use that name in url, or set tls.serverName to it',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the broker asks for a certificate of this device: set tls.cert and tls.key',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the broker does not take the certificate in tls.cert: it must be signed by the authority of the broker',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the broker does not know who signed the certificate in tls.cert',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the certificate in tls.cert has expired: renew it',
};

/** CONNACK, DISCONNECT and PUBACK: return codes of MQTT 3.1.1 and reason codes of MQTT 5. */
const ofBroker: Readonly<Record<number, string>> = {
  1: 'the broker does not speak this version of MQTT: set version',
  2: 'the broker does not take this client id: set clientId',
  3: 'the broker is not available now',
  4: 'wrong user or password: check username and password',
  5: 'not authorised: check username and password, and who may connect and publish at the broker',
  130: 'the broker says that a rule of MQTT was broken',
  132: 'the broker does not speak this version of MQTT: set version',
  133: 'the broker does not take this client id: set clientId',
  134: 'wrong user or password: check username and password',
  135: 'not authorised: check username and password, and who may connect, publish and subscribe at the broker',
  136: 'the broker is not available now',
  137: 'the broker is busy',
  138: 'the broker has banned this client',
  139: 'the broker shuts down',
  142: 'another client has connected with the same client id: give each device a `device` name of its own in mien.yaml, or set clientId',
  144: 'the broker does not take this topic: check prefix',
  149: 'too large for the broker: raise its max_packet_size',
  151: 'a quota of the broker is used up',
  154: 'the broker keeps no retained messages: allow them there',
  155: 'the broker does not offer this quality of service: lower qos',
  156: 'the broker sends clients elsewhere: ask who runs it for the address',
  157: 'the broker has moved: ask who runs it for the address',
};

export function faultWords(fault: unknown): string {
  if (fault instanceof MienError) return fault.message;
  const { code, message, cause, errors } = fault as { code?: unknown; message?: string; cause?: unknown; errors?: unknown[] };
  if (typeof code === 'number' && ofBroker[code] !== undefined) return ofBroker[code];
  if (typeof code === 'string' && ofSystem[code] !== undefined) return ofSystem[code];
  // A host with several addresses, or a WebSocket around the fault.
  const inner = errors?.[0] ?? cause;
  if (inner !== undefined && inner !== fault) return faultWords(inner);
  return message ?? String(fault);
}

/** The broker said that it does not speak this version of MQTT. */
export function isVersionFault(fault: unknown): boolean {
  const { code } = fault as { code?: unknown };
  return code === 1 || code === 132;
}
