/** Programs that tests use when the machine has them. Tests install nothing: they say what is missing and are skipped. */
import { spawnSync } from 'node:child_process';

/** The first of `names` that answers `args` with exit code 0. */
export function findProgram(names: readonly string[], args: readonly string[]): string | undefined {
  return names.find((name) => spawnSync(name, args, { stdio: 'ignore', timeout: 20_000 }).status === 0);
}

/** Prints why a test file does nothing, and ends it well; in CI everything must be there, so it fails. */
export function skip(what: string, packages: string): never {
  console.log(`SKIPPED: ${what} is missing (apt install ${packages})`);
  process.exit(process.env.CI ? 1 : 0);
}

export function requireFfmpeg(): string {
  return findProgram(['ffmpeg'], ['-version']) ?? skip('ffmpeg', 'ffmpeg');
}

const RTSP_IMPORT =
  "import gi; gi.require_version('Gst','1.0'); gi.require_version('GstRtspServer','1.0'); from gi.repository import Gst, GstRtspServer; Gst.init(None); assert Gst.ElementFactory.find('jpegenc') and Gst.ElementFactory.find('rtpjpegpay') and Gst.ElementFactory.find('videotestsrc')";

/** A Python that can run rtsp-server.py: Debian's own, as the bindings belong to it. */
export function requireRtspPython(): string {
  const packages = 'python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good';
  return findProgram(['/usr/bin/python3', 'python3'], ['-c', RTSP_IMPORT]) ?? skip("GStreamer's RTSP server for Python", packages);
}
