import { chooseFirst, fault, field, labelOf, labelStyle, namesOf, numberWithin, offerFromHost, showRowsFor, told } from './shared/dialog.ts';

type Check = (this: EditorNode, value: unknown, options?: unknown) => boolean | string;

/** Only where the host is told to watch this kind of camera. */
const ofSource = (source: string, isFine: (text: string) => boolean, key: string): Check =>
  function (value, options) {
    return told(this, 'role') !== 'watch' || told(this, 'source') !== source || isFine(String(value ?? '').trim()) || fault(this, options, key);
  };

function named(this: EditorNode, value: unknown, options?: unknown): boolean | string {
  return /^([a-z0-9][a-z0-9-]{0,31})?$/.test(String(value ?? '').trim()) || fault(this, options, 'mien-camera.check.camera');
}

RED.nodes.registerType('mien-camera', {
  category: 'mien',
  color: '#8fb8a8',
  label: labelOf('mien-camera'),
  labelStyle,
  defaults: {
    name: { value: '' },
    host: { value: '', type: 'mien-host', required: true },
    role: { value: 'watch' },
    camera: { value: 'main', validate: named },
    source: { value: 'clip' },
    device: { value: '/dev/video0', validate: ofSource('usb', (text) => /^\/dev\/video\d+$/.test(text), 'mien-camera.check.device') },
    address: { value: '', validate: ofSource('rtsp', (text) => /^rtsps?:\/\/(?![^/]*@)./i.test(text), 'mien-camera.check.address') },
    file: { value: '', validate: ofSource('file', (text) => text.startsWith('/'), 'mien-camera.check.file') },
    rotate: { value: '0' },
    mirror: { value: false },
    give: { value: 'people' },
    mostPerSecond: { value: 1, validate: numberWithin(0, 30) },
    autostart: { value: true },
  },
  credentials: { user: { type: 'text' }, password: { type: 'password' } },
  inputs: 1,
  outputs: 1,
  icon: 'font-awesome/fa-video-camera',
  oneditprepare() {
    chooseFirst();
    const role = field<HTMLSelectElement>('role');
    const source = field<HTMLSelectElement>('source');
    showRowsFor(source, document.querySelector('#mien-camera-source') ?? document);
    showRowsFor(role, role.closest('form') ?? document, 'role');
    offerFromHost(field('camera'), field<HTMLSelectElement>('host'), 'cameras', namesOf);
  },
});
