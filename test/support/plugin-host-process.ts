/** A host in a process of its own, to be killed: `node plugin-host-process.ts <folder> <plugin file>` prints the plugin's pid and lives on. */
import { openHost } from './plugin-host.ts';

const [folder, from] = process.argv.slice(2);
const { host } = await openHost({ stateFolder: folder, plugins: { victim: { from } } });
await host.start();
console.log(host.status('victim').pid);
setInterval(() => {}, 1000);
