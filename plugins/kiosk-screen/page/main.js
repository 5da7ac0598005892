// @ts-check
import { Link } from './link.js';
import { Player } from './player.js';
import { Stage } from './stage.js';

const element = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** The name in reports: `?screen=left`, or one of its own that lasts as long as the tab. */
function screenName() {
  const given = new URLSearchParams(location.search).get('screen') ?? sessionStorage.getItem('screen') ?? '';
  const name = /^[a-z0-9][a-z0-9-]{0,31}$/.test(given) ? given : `screen-${String(crypto.getRandomValues(new Uint32Array(1))[0]).slice(0, 5)}`;
  sessionStorage.setItem('screen', name);
  return name;
}

const link = new Link(screenName());
const player = new Player(new Stage(element('stage')), (report) => link.report(report));
link.start({
  setup(setup) {
    const banner = element('banner');
    banner.textContent = setup.banner;
    banner.hidden = setup.banner === '';
    player.setUp(setup);
  },
  program: (program) => player.play(program),
  alone: () => player.playAlone(),
});
addEventListener('pagehide', () => {
  player.leave();
  link.leave();
});
